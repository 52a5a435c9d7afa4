// The files that were chosen for the page on the desk, each with its size and a way to take it out again.
import { siteEntry, together } from "./chosen";
import { bytesIn } from "./document";
import { h } from "./dom";
import type { NewFile } from "./messages";
import { visible } from "./names";
import { home as words, size } from "./words";

const shownFiles = 50;

export class DeskFiles {
  readonly element = h("section", { class: "chosen", hidden: true });
  all: readonly NewFile[] = [];
  isSite = true;

  /** `taken`: one or all were taken out by hand; `next`: where the focus goes when there is nothing left to take out. */
  constructor(private taken: () => void, private next: HTMLElement) {}

  /** What is shown first, if the page is to be a small web site. */
  get entry(): string | undefined {
    return this.isSite ? siteEntry(this.all) : undefined;
  }

  /** Puts them with those that are there; throws `CannotTake`, and takes none, if one of them can't be. */
  add(files: readonly NewFile[]): void {
    this.set(together(this.all, files));
  }

  set(files: readonly NewFile[]): void {
    this.all = files;
    this.element.hidden = files.length === 0;
    const head = h("div", { class: "row" }, h("h2", {}, words.files(files.length, bytesIn(files.map(({ file }) => file)))),
      h("button", { type: "button", class: "quiet", onclick: () => this.#takeOut(() => false) }, words.removeAll));
    const list = h("ul", {}, ...files.slice(0, shownFiles).map((file) => this.#row(file)));
    if (files.length > shownFiles) list.append(h("li", {}, words.more(files.length - shownFiles)));
    this.element.replaceChildren(head, list);
    const entry = siteEntry(files);
    if (!entry) return;
    const box = h("input", { type: "checkbox", checked: this.isSite, autocomplete: "off", onchange: () => void (this.isSite = box.checked) });
    this.element.append(h("label", { class: "switch" }, box, words.site, h("small", {}, words.siteHint(visible(entry)))));
  }

  #row(file: NewFile): HTMLElement {
    const name = visible(file.name);
    return h("li", {}, h("bdi", {}, name), h("small", {}, size(file.file.size)),
      h("button", { type: "button", class: "quiet", "aria-label": words.removeNamed(name), onclick: () => this.#takeOut((other) => other !== file) }, words.remove));
  }

  #takeOut(stays: (file: NewFile) => boolean): void {
    this.set(this.all.filter(stays));
    this.taken();
    (this.all.length > 0 ? this.element.querySelector("button")! : this.next).focus();
  }
}
