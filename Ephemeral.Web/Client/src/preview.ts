// One file, looked at.
import type { PageFile } from "./document";
import { h } from "./dom";
import type { Guest } from "./frame";
import { visible } from "./names";
import { ending, lookOf, typeOf } from "./types";
import { pdf, show as words } from "./words";
import pdfCode from "./view/pdf?worker&url";
import pdfWorker from "pdfjs-dist/build/pdf.worker.min.mjs?url";

/** Larger ones wait for the reader's word. */
export const largest = 50 * 1024 * 1024;
const textShown = 64 * 1024;
const mostText = 4 * 1024 * 1024;

export class Preview {
  readonly element = h("div", { class: "preview" });
  #urls: string[] = [];
  #shown = 0;

  /** `guest`: the frame, for what is not shown in this site's own document. */
  constructor(private guest: Guest, private file: (name: string) => Promise<Blob | undefined>) {}

  async show(file: PageFile, own: boolean, anyway = false): Promise<void> {
    this.clear();
    const shown = this.#shown;
    const look = lookOf(file);
    if (!look) return;
    if (file.size > largest && !anyway) {
      const go = h("button", { type: "button", onclick: () => void this.show(file, own, true) }, words.lookAnyway);
      this.element.replaceChildren(h("div", { class: "empty" }, h("p", {}, words.large(file.size)), go));
      return;
    }
    if (look === "pdf") {
      this.element.replaceChildren(this.guest.element);
      return this.guest.show({
        text: "", said: own ? words.pdfOwn : words.pdf,
        making: { code: pdfCode, worker: pdfWorker, ours: true, words: pdf, name: file.name, root: "", files: [], file: this.file, follow: () => false },
      }, own);
    }
    this.element.replaceChildren(h("p", { class: "hint", role: "status" }, words.loading));
    const blob = await this.file(file.name);
    if (shown !== this.#shown) return;
    if (!blob) return this.#say(words.notHad);
    if (look === "text") return this.#text(blob, file, textShown);
    const url = URL.createObjectURL(blob.slice(0, blob.size, typeOf(file)));
    this.#urls.push(url);
    const failed = (): void => this.#say(words.notDecoded);
    const name = visible(file.name);
    const element = look === "image" ? h("img", { src: url, alt: name, onerror: failed })
      : look === "audio" ? h("audio", { src: url, controls: true, preload: "metadata", "aria-label": name, onerror: failed })
      : h("video", { src: url, controls: true, preload: "metadata", playsInline: true, "aria-label": name, onerror: failed });
    this.element.replaceChildren(element);
  }

  clear(): void {
    this.#shown++;
    for (const url of this.#urls.splice(0)) URL.revokeObjectURL(url);
    if (this.guest.element.parentElement === this.element) this.guest.clear();
    this.element.replaceChildren();
  }

  async #text(blob: Blob, file: PageFile, limit: number): Promise<void> {
    const shown = this.#shown;
    const part = blob.size > limit;
    const text = decode(await blob.slice(0, limit).arrayBuffer().catch(() => undefined), part);
    const { highlight } = await import("./highlight");
    if (shown !== this.#shown) return;
    if (text === undefined) return this.#say(words.notText);
    const lines = h("pre", { tabIndex: 0, role: "region", "aria-label": visible(file.name) }, ...highlight(text, ending(file.name)));
    this.element.replaceChildren(lines);
    if (!part) return;
    const all = h("button", { type: "button", onclick: () => void this.#text(blob, file, mostText) }, words.all);
    this.element.append(h("div", { class: "actions" }, h("p", { class: "hint" }, words.part(limit, blob.size)), ...(limit < mostText ? [all] : [])));
  }

  #say(sentence: string): void {
    this.element.replaceChildren(h("p", { class: "hint", role: "status" }, sentence));
  }
}

/** Undefined for what is no UTF-8. `part`: it may break off within a character. */
function decode(bytes: ArrayBuffer | undefined, part: boolean): string | undefined {
  try {
    return bytes && new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: part });
  } catch {
    return undefined;
  }
}
