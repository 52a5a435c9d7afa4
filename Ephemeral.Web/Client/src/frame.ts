// Shows a stranger's page in the sandboxed frame. Whatever comes from in there is treated as the page's own doing.
import { copy, h, say } from "./dom";
import { visible } from "./names";
import type { Named } from "./types";
import type { Box } from "./view/box";
import { frame as words, show as showWords } from "./words";

type Condition = "loading" | "shown" | "silent" | "stopped" | "left" | "failed";

/** What the frame is to show. */
export interface GuestPage {
  /** As the author wrote it. */
  text: string;
  /** Said above it, where its author's scripts never run. Without it, the reader may let them. */
  said?: string;
  /** For a page that takes making, and has other files. */
  making?: {
    /** Where this site keeps its code for the frame, see view/box.ts, and for the frame's Worker. */
    code: string;
    worker?: string;
    /** What it says in there. */
    words?: Box["words"];
    /** The code goes on after the page stands, and nothing in there is the author's. */
    ours?: boolean;
    /** The file that is shown, the folder that is the site's, and all files of the page. */
    name: string;
    root: string;
    files: Named[];
    file(name: string): Promise<Blob | undefined>;
    /** A link to something beside this file was clicked; false if there is no such thing. */
    follow(reference: string): boolean;
    fragment?: string;
  };
}

/** Code of this site, fetched once. */
const code = new Map<string, Promise<Blob>>();

const beat = 2_500;
const beatsMissed = 2;
// Browsers keep the process of a closed frame for a moment; shown in there again, the page would hang at once.
const stoppingTakes = 3_500;
const longestLink = 2_048;
const measuringTakes = 1_000;
/** What a page says of its height is the page's own word. Some thirty sheets of paper. */
const highest = 30_000;

export class Guest {
  readonly element: HTMLElement;
  #stage = h("div", { class: "stage" });
  #said = h("p", { class: "said" });
  #blocked = h("p", { class: "blocked" });
  #run = h("button", { type: "button", onclick: () => this.#askFirst() }, words.run);
  #stop = h("button", { type: "button", onclick: () => this.#load(false) }, words.stop);
  #confirm = h("div", { class: "confirm", role: "group", hidden: true });
  #notice = h("div", { class: "notice", role: "group", hidden: true });
  #page: GuestPage = { text: "" };
  #own = false;
  #scripts = false;
  #port: MessagePort | undefined;
  #frame: HTMLIFrameElement | undefined;
  #unanswered = 0;
  #condition: Condition = "loading";
  #measured = (_height: number): void => {};
  #heart: ReturnType<typeof setInterval>;

  constructor(private titled: (title: string) => void) {
    const go = h("button", { type: "button", class: "primary", onclick: () => this.#load(true) }, words.confirm);
    const no = h("button", { type: "button", onclick: () => this.#keepOff() }, words.cancel);
    this.#confirm.append(h("p", {}, words.risk), h("div", { class: "actions" }, go, no));
    const bar = h("div", { class: "bar" }, h("div", {}, this.#said, this.#blocked), this.#run, this.#stop);
    this.element = h("div", { class: "guest" }, bar, this.#confirm, this.#notice, this.#stage);
    this.#heart = setInterval(() => this.#beat(), beat);
  }

  /** `scripts`: the reader has already let scripts of the page run. */
  show(page: GuestPage, own: boolean, scripts = false): void {
    this.#page = page;
    this.#own = own;
    this.#load(scripts);
  }

  /** Whether the author's scripts run. */
  get runs(): boolean {
    return this.#scripts;
  }

  scrollTo(fragment: string): void {
    this.#port?.postMessage({ fragment });
  }

  /** Makes the frame as high as what is in it, for a print; the answer takes that back. */
  async stretch(): Promise<() => void> {
    const height = await new Promise<number>((measured) => {
      this.#measured = measured;
      this.#port?.postMessage({ measure: true });
      setTimeout(() => measured(0), measuringTakes);
    });
    const before = this.#stage.style.minHeight;
    if (height > 0) this.#stage.style.minHeight = `${Math.min(height, highest)}px`;
    return () => void (this.#stage.style.minHeight = before);
  }

  clear(): void {
    this.#close();
    this.#page = { text: "" };
  }

  leave(): void {
    this.clear();
    clearInterval(this.#heart);
  }

  #load(scripts: boolean): void {
    this.#close();
    this.#scripts = scripts;
    const [running, safe] = this.#own ? [words.runningOwn, words.safeOwn] : [words.running, words.safe];
    say(this.#said, this.#page.said ?? (scripts ? running : safe));
    say(this.#blocked, "");
    this.#confirm.hidden = true;
    this.#notice.hidden = true;
    this.#run.hidden = scripts || this.#page.said !== undefined;
    this.#stop.hidden = !scripts;
    this.#condition = "loading";
    // A stranger's page is made for white; what is shown by our own code has our colours, before it is painted too.
    this.#stage.classList.toggle("ours", this.#page.said !== undefined);

    const frame = h("iframe", { title: words.title, referrerPolicy: "no-referrer", src: "/view" });
    frame.setAttribute("sandbox", "allow-scripts allow-forms");
    frame.setAttribute("credentialless", "");
    frame.onload = () => void this.#loaded(frame);
    this.#frame = frame;
    this.#stage.replaceChildren(frame);
  }

  #close(): void {
    this.#port?.close();
    this.#port = undefined;
    this.#frame = undefined;
    this.#unanswered = 0;
    this.#stage.replaceChildren();
  }

  async #loaded(frame: HTMLIFrameElement): Promise<void> {
    if (frame !== this.#frame) return;
    // Written to, the frame says "load" once more.
    if (this.#port) return;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = (event) => void this.#heard(port1, event.data);
    const { text, making } = this.#page;
    const message: Record<string, unknown> = { text, scripts: this.#scripts };
    if (making) {
      const { name, root, files, ours, words, fragment } = making;
      try {
        Object.assign(message, { name, root, files, ours, words, fragment, code: await fetchCode(making.code), worker: making.worker && (await fetchCode(making.worker)) });
      } catch {
        if (port1 === this.#port) this.#gone("failed");
        return;
      }
      if (port1 !== this.#port) return;
    }
    // The frame's origin is opaque and has no name to send to; what is sent is what it is about to show anyway.
    frame.contentWindow?.postMessage(message, "*", [port2]);
  }

  async #heard(port: MessagePort, message: unknown): Promise<void> {
    if (port !== this.#port || typeof message !== "object" || message === null) return;
    const { pong, shown, failed, left, link, nowhere, follow, ask, blocked, title, height } = message as Record<string, unknown>;
    const { making } = this.#page;
    if (pong === true) this.#answered();
    if (shown === true) this.#condition = "shown";
    if (failed === true) return this.#gone("failed");
    if (left === true) return this.#gone("left");
    if (typeof link === "string") this.#offer(link);
    if (nowhere === true) this.#tell(words.nowhere);
    if (typeof follow === "string" && !making?.follow(follow)) this.#tell(showWords.nowhere);
    if (typeof ask === "string") port.postMessage({ name: ask, file: await making?.file(ask) });
    if (typeof blocked === "number" && blocked > 0 && blocked < 1000) say(this.#blocked, words.blocked(Math.floor(blocked)));
    if (typeof height === "number" && height > 0) this.#measured(height);
    if (typeof title === "string") this.titled(visible(title.replace(/\s+/g, " ").trim().slice(0, 60)));
  }

  // ---- is it still there? -------------------------------------------------------------------------------------

  #beat(): void {
    if (!this.#frame || document.hidden) return;
    if (this.#unanswered >= beatsMissed && this.#condition !== "silent") {
      this.#condition = "silent";
      this.#tell(words.silent, this.#action(words.stopIt, () => this.#gone("stopped")));
    }
    this.#unanswered++;
    this.#port?.postMessage({ ping: true });
  }

  #answered(): void {
    this.#unanswered = 0;
    if (this.#condition !== "silent") return;
    this.#condition = "shown";
    this.#notice.hidden = true;
  }

  #gone(how: "left" | "stopped" | "failed"): void {
    this.#close();
    this.#condition = how;
    this.#notice.hidden = this.#run.hidden = this.#stop.hidden = true;
    say(this.#said, words.off);
    say(this.#blocked, "");
    const again = this.#action(words.again, () => {
      again.disabled = true;
      setTimeout(() => this.#condition === how && this.#load(false), how === "stopped" ? stoppingTakes : 0);
    });
    const why = { left: words.left, stopped: words.stopped, failed: showWords.failed }[how];
    this.#stage.replaceChildren(h("div", { class: "empty" }, h("p", { role: "status" }, why), again));
  }

  // ---- what the reader is told and asked ----------------------------------------------------------------------

  #askFirst(): void {
    this.#confirm.hidden = false;
    this.#confirm.querySelector("button")?.focus();
  }

  #keepOff(): void {
    this.#confirm.hidden = true;
    this.#run.focus();
  }

  #offer(address: string): void {
    if (address.length > longestLink || !URL.canParse(address)) return;
    const url = new URL(address);
    if (url.protocol !== "http:" && url.protocol !== "https:" && url.protocol !== "mailto:") return;
    const open = h("a", {
      class: "button primary", href: url.href, target: "_blank", rel: "noopener noreferrer",
      onclick: () => void (this.#notice.hidden = true),
    }, words.open);
    const copied = this.#action(words.copy, () => void copy(url.href).then(() => (this.#notice.hidden = true)));
    const name = h("strong", {}, url.host || url.pathname);
    this.#tell(h("span", {}, `${words.wantsOpen} `, name, h("small", {}, url.href)), open, copied, this.#dismiss());
  }

  #tell(text: string | Node, ...actions: Node[]): void {
    const buttons = actions.length > 0 ? actions : [this.#dismiss()];
    this.#notice.replaceChildren(h("p", { role: "status" }, text), h("div", { class: "actions" }, ...buttons));
    this.#notice.hidden = false;
  }

  #action(text: string, act: () => void): HTMLButtonElement {
    return h("button", { type: "button", onclick: act }, text);
  }

  #dismiss(): HTMLButtonElement {
    return this.#action(words.dismiss, () => void (this.#notice.hidden = true));
  }
}

/** The frame itself may fetch nothing. */
function fetchCode(address: string): Promise<Blob> {
  let fetched = code.get(address);
  if (!fetched) {
    fetched = fetch(address).then((answer) => (answer.ok ? answer.blob() : Promise.reject(new Error(`${answer.status}`))));
    code.set(address, fetched);
    fetched.catch(() => code.delete(address));
  }
  return fetched;
}
