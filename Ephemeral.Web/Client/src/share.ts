// Passing a page on: a code for a phone's camera, the device's own ways to share, words to compare, and what can be done with the page.
import { h, say } from "./dom";
import { share as words, shell } from "./words";

export interface ShareActions {
  print(): void;
  /** Shows the source, or the page again. */
  source(): void;
}

const onlyHere = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

export class Share {
  readonly button = h("button", { type: "button", "aria-expanded": "false", "aria-controls": "share", onclick: () => this.#toggle() }, words.button);
  readonly element = h("section", { id: "share", class: "share", hidden: true, "aria-label": words.heading });
  #code = h("figure", {});
  #said = h("p", {});
  #phrase = h("p", { class: "phrase", lang: "en", dir: "ltr" });
  #send = h("button", { type: "button", onclick: () => void this.#sheet() }, words.sheet);
  #source = h("button", { type: "button" }, words.source);
  #page = "";
  #link = "";
  #drawn = "";

  constructor(actions: ShareActions, extra: HTMLElement) {
    this.#source.onclick = () => actions.source();
    this.#send.hidden = !navigator.share;
    const print = h("button", { type: "button", onclick: () => actions.print() }, words.print);
    this.element.addEventListener("keydown", (event) => event.key === "Escape" && this.#toggle());
    const close = h("button", { type: "button", class: "quiet", onclick: () => this.#toggle() }, words.close);
    const check = h("div", { class: "check" }, h("h3", {}, words.phrase), this.#phrase, h("p", { class: "hint" }, words.phraseHint));
    this.element.append(this.#code,
      h("div", { class: "ways" }, h("h2", {}, words.heading), this.#said, h("div", { class: "actions" }, this.#send, print, this.#source), check, extra,
        h("p", {}, h("a", { href: "/how#who", target: "_blank" }, shell.who))),
      close);
  }

  /** `link`: with its key, if it has one. `source`: whether there is a text to be seen. */
  about(page: string, link: string, source: boolean): void {
    this.#source.hidden = !source;
    if (link === this.#link) return;
    this.#link = link;
    this.#page = page;
    say(this.#said, link.includes("#") ? words.withKey : words.open);
    if (!this.element.hidden) void this.#draw();
  }

  showsSource(shows: boolean): void {
    this.#source.textContent = shows ? words.shown : words.source;
  }

  close(): void {
    this.element.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
  }

  #toggle(): void {
    if (!this.element.hidden) {
      this.close();
      return this.button.focus();
    }
    this.element.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    void this.#draw();
  }

  async #draw(): Promise<void> {
    const [link, page] = [this.#link, this.#page];
    if (this.#drawn === link) return;
    this.#drawn = link;
    const caption = h("figcaption", { class: "hint" }, onlyHere.test(location.hostname) ? words.onlyHere : words.qr);
    try {
      const [{ qrCode }, { phraseOf }] = await Promise.all([import("./qr"), import("./phrase")]);
      if (link !== this.#link) return;
      this.#code.replaceChildren(qrCode(link, words.qrName), caption);
      say(this.#phrase, phraseOf(page).join(" · "));
    } catch {
      this.#drawn = "";
      this.#code.replaceChildren(h("p", { class: "trouble", role: "status" }, words.notDrawn));
    }
  }

  async #sheet(): Promise<void> {
    try {
      // The link alone: a title would be the page's content.
      await navigator.share({ url: this.#link });
    } catch {
      // The person thought better of it.
    }
  }
}
