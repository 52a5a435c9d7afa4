// A PDF, page by page on canvases. The browser's own viewer can't be had in a frame without an origin, and outside of it the file would have ours.
import { getDocument, GlobalWorkerOptions, PDFDataRangeTransport, TextLayer, type PDFDocumentProxy, type PDFPageProxy } from "pdfjs-dist";
import { setUp, type Box } from "./box";
import style from "./pdf.css?inline";

const mostPixels = 8_000_000;
/** Pages that stay drawn; each takes its pixels in memory. */
const mostDrawn = 12;

setUp({
  async write({ words }) {
    return `<!doctype html><html><head><meta charset="utf-8"><title></title><meta name="viewport" content="width=device-width, initial-scale=1">
      <style>${style}</style></head><body><p>${words.loading}</p></body></html>`;
  },
  async run(box) {
    const { words } = box;
    try {
      await show(await open(box), words);
    } catch (error) {
      const asked = error instanceof Error && error.name === "PasswordException";
      say(asked ? words.password : words.unreadable);
    }
  },
});

async function open({ ask, name, worker, words }: Box): Promise<PDFDocumentProxy> {
  const file = await ask(name);
  if (!file || !worker) throw new Error("not there");
  // Only what is looked at is read: a large file doesn't fill the memory.
  const range = new PDFDataRangeTransport(file.size, null);
  range.requestDataRange = (start, end) =>
    void file.slice(start, end).arrayBuffer().then((bytes) => range.onDataRange(start, new Uint8Array(bytes)), () => say(words.unreadable));
  GlobalWorkerOptions.workerPort = await start(worker);
  return getDocument({ range, length: file.size, disableAutoFetch: true, disableStream: true, useWasm: false, enableXfa: false, useWorkerFetch: false, isOffscreenCanvasSupported: false }).promise;
}

/** Chromium starts no module as a Worker where there is no origin, but a Worker there may import one. */
async function start(code: Blob): Promise<Worker> {
  const module = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const starter = new Blob([`import(${JSON.stringify(module)}).then(() => postMessage("started"))`], { type: "text/javascript" });
  const worker = new Worker(URL.createObjectURL(starter));
  await new Promise((started, failed) => {
    worker.addEventListener("message", started, { once: true });
    worker.addEventListener("error", failed, { once: true });
  });
  return worker;
}

async function show(pdf: PDFDocumentProxy, words: Box["words"]): Promise<void> {
  const first = (await pdf.getPage(1)).getViewport({ scale: 1 });
  const drawn: HTMLElement[] = [];
  document.body.replaceChildren();
  const watch = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting || drawn.includes(target as HTMLElement)) continue;
      drawn.push(target as HTMLElement);
      void draw(pdf, target as HTMLElement).catch(() => (target.textContent = words.noPage));
      if (drawn.length > mostDrawn) drawn.shift()!.replaceChildren();
    }
  }, { rootMargin: "400px" });
  for (let number = 1; number <= pdf.numPages; number++) {
    const page = document.createElement("section");
    page.dataset.number = String(number);
    page.setAttribute("aria-label", words.page.replace("{n}", String(number)).replace("{all}", String(pdf.numPages)));
    shape(page, first.width, first.height);
    document.body.append(page);
    watch.observe(page);
  }
}

function shape(page: HTMLElement, width: number, height: number): void {
  page.style.aspectRatio = `${width} / ${height}`;
  page.style.maxWidth = `${Math.max(width * 1.5, 300)}px`;
}

async function draw(pdf: PDFDocumentProxy, place: HTMLElement): Promise<void> {
  const page: PDFPageProxy = await pdf.getPage(Number(place.dataset.number));
  const plain = page.getViewport({ scale: 1 });
  shape(place, plain.width, plain.height);
  const shown = place.clientWidth / plain.width;
  const sharp = Math.min(shown * devicePixelRatio, Math.sqrt(mostPixels / (plain.width * plain.height)));
  const viewport = page.getViewport({ scale: sharp });
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.floor(viewport.width));
  canvas.height = Math.max(1, Math.floor(viewport.height));
  await page.render({ canvas, viewport }).promise;
  const text = document.createElement("div");
  text.className = "text";
  place.style.setProperty("--total-scale-factor", String(shown));
  place.replaceChildren(canvas, text);
  await new TextLayer({ textContentSource: page.streamTextContent(), container: text, viewport: page.getViewport({ scale: shown }) }).render();
  page.cleanup();
}

function say(sentence: string): void {
  const said = document.createElement("p");
  said.textContent = sentence;
  document.body.replaceChildren(said);
}
