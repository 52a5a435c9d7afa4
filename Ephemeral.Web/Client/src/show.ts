// Shows a page of any kind, as its document says it is. A stranger's HTML, Markdown and PDF are only ever taken apart inside the sandboxed frame.
import { Allowance } from "./allowance";
import type { UsableDocument } from "./document";
import { h, say } from "./dom";
import { Files } from "./files";
import { Guest } from "./frame";
import type { Content } from "./messages";
import { savedName, visible } from "./names";
import { folderOf, References } from "./references";
import { typeOf } from "./types";
import { kinds, show as words } from "./words";
import markdownCode from "./view/markdown?worker&url";
import siteCode from "./view/site?worker&url";

export interface ShowActions {
  /** The bytes of a file of the page; undefined if it could not be had. Never of a type that a browser would run. */
  file(name: string): Promise<Blob | undefined>;
  /** Saves a file to the person's disk; false if it could not be had. */
  saveFile(name: string, size: number): Promise<boolean>;
  titled(title: string): void;
  announce(text: string): void;
}

/** A text of this size or more in a site is no page to be shown. Bytes. */
const largestPage = 8 * 1024 * 1024;

export class Shown {
  readonly element = h("div", { class: "shown" });
  #guest: Guest;
  #files: Files;
  #content: Content | undefined;
  #own = false;
  #allowance = new Allowance([]);
  #place = h("nav", { class: "place", "aria-label": words.site });
  #been: string[] = [];
  #source: HTMLElement | undefined;

  constructor(private actions: ShowActions) {
    this.#guest = new Guest((title) => actions.titled(title));
    this.#files = new Files(new Guest(() => undefined), actions);
  }

  show(content: Content, own: boolean): void {
    if (content === this.#content) return;
    this.clear();
    this.#content = content;
    this.#own = own;
    const { document: shown } = content;
    const { kind, title, text, files, entry } = shown;
    this.#allowance = new Allowance(files);
    const parts: Node[] = [];
    if (title) {
      parts.push(h("p", { class: "title" }, visible(title)));
      this.actions.titled(visible(title.slice(0, 60)));
    }
    const site = kind === "files" && entry !== undefined && isPage(shown, entry) ? entry : undefined;
    if (site !== undefined) parts.push(this.#place, this.#guest.element);
    else if (kind === "html" || kind === "markdown") parts.push(this.#guest.element);
    else if (kind === "text") parts.push(h("pre", { tabIndex: 0, role: "region", "aria-label": words.content }, text));
    else if (kind !== "files") parts.push(h("p", { class: "hint" }, kinds.other(visible(kind.slice(0, 40)))));
    if (files.length > 0 || kind === "files") {
      parts.push(this.#files.element);
      this.#files.show(files, own, savedName(title || content.page.slice(0, 8)), site !== undefined ? "folded" : kind === "files" ? "alone" : "below");
    }
    this.element.replaceChildren(...parts);

    // Not before it is in the document: a frame that is moved begins anew.
    if (site !== undefined) void this.#goTo(site, "");
    else if (kind === "html" && files.length === 0) this.#guest.show({ text }, own);
    else if (kind === "html") this.#guest.show({ text, making: this.#making(siteCode, "", "") }, own);
    else if (kind === "markdown") this.#guest.show({ text, said: own ? words.markdownOwn : words.markdown, making: this.#making(markdownCode, "", "") }, own);
  }

  /** Lets go of all that was made for showing. */
  clear(): void {
    this.#content = undefined;
    this.#been = [];
    this.#source = undefined;
    this.#guest.element.hidden = false;
    this.#guest.clear();
    this.#files.clear();
    this.element.replaceChildren();
  }

  /** Whether there is a text that the page was written as. */
  get hasSource(): boolean {
    const { kind, text } = this.#content?.document ?? {};
    return (kind === "html" || kind === "markdown") && text !== "";
  }

  /** Shows what the page was written as, in its place, or the page again; true if it is the source that is shown. */
  async source(): Promise<boolean> {
    const content = this.#content;
    const page = this.element.querySelector<HTMLElement>(".guest");
    if (!content || !page || !this.hasSource) return false;
    if (this.#source) {
      this.#source.remove();
      this.#source = undefined;
      page.hidden = false;
      return false;
    }
    const { highlight } = await import("./highlight");
    if (content !== this.#content || this.#source) return this.#source !== undefined;
    const { kind, text } = content.document;
    this.#source = h("pre", { class: "source", dir: "auto", tabIndex: 0, role: "region", "aria-label": words.source }, ...highlight(text, kind === "html" ? "html" : "md"));
    page.before(this.#source);
    page.hidden = true;
    this.#source.focus();
    return true;
  }

  /** Prints the page and nothing of what is around it. */
  async print(): Promise<void> {
    // A frame is printed as high as it is on the screen.
    const restore = this.#source || this.#guest.element.parentElement !== this.element ? undefined : await this.#guest.stretch();
    window.addEventListener("afterprint", () => restore?.(), { once: true });
    window.print();
  }

  leave(): void {
    this.clear();
    this.#guest.leave();
    this.#files.leave();
  }

  #making(code: string, name: string, root: string, fragment?: string) {
    const content = this.#content!;
    const { files } = content.document;
    const references = new References(files.map((file) => file.name), root);
    const asked = new Map<string, Promise<Blob | undefined>>();
    return {
      code, name, root, fragment,
      files: files.map(({ name, type }) => ({ name, type })),
      file: (name: string) => {
        const file = files.find((file) => file.name === name);
        if (!asked.has(name)) asked.set(name, file && this.#allowance.take(file) ? this.actions.file(name) : Promise.resolve(undefined));
        return asked.get(name)!;
      },
      follow: (reference: string) => {
        const place = content === this.#content ? references.resolve(reference, name) : undefined;
        const file = place && files.find((file) => file.name === place.name);
        if (!place || !file) return false;
        if (place.name === name) this.#guest.scrollTo(place.fragment);
        else if (name !== "" && isPage(content.document, place.name)) void this.#goTo(place.name, place.fragment);
        else this.#files.lookAt(file);
        return true;
      },
    };
  }

  // ---- a small web site ---------------------------------------------------------------------------------------

  async #goTo(name: string, fragment: string, back = false): Promise<void> {
    const content = this.#content!;
    const { entry, files } = content.document;
    const scripts = this.#been.length > 0 && this.#guest.runs;
    if (back) this.#been.pop();
    else this.#been.push(name);
    const before = this.#been.at(-2);
    const start = h("button", { type: "button", onclick: () => void this.#goTo(entry!, "") }, words.start);
    const backwards = h("button", { type: "button", onclick: () => void this.#goTo(before!, "", true) }, words.back);
    backwards.hidden = before === undefined;
    start.hidden = name === entry;
    this.#place.replaceChildren(h("bdi", {}, visible(name)), backwards, start);
    const size = files.find((file) => file.name === name)!.size;
    const text = size < largestPage ? await (await this.actions.file(name))?.text() : undefined;
    if (content !== this.#content || this.#been.at(-1) !== name) return;
    if (text === undefined) return say(this.#place.appendChild(h("p", { role: "status" })), words.notHad);
    this.#guest.show({ text, making: this.#making(siteCode, name, folderOf(entry!), fragment) }, this.#own, scripts);
  }
}

function isPage({ files }: UsableDocument, name: string): boolean {
  const file = files.find((file) => file.name === name);
  return file !== undefined && /^(text\/html|application\/xhtml\+xml)$/.test(typeOf(file));
}
