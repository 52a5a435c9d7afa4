// There is a newer version of the page: what changed, and the choice to follow or to stay.
import { h, say } from "./dom";
import type { Content, PageState } from "./messages";
import { newer as words } from "./words";

export interface NewerActions {
  /** Gets the newer version without going there. */
  peek(): void;
  follow(next: string): void;
}

export class Newer {
  readonly element = h("section", { class: "newer", hidden: true, "aria-label": words.heading });
  #said = h("p", { class: "hint", role: "status", hidden: true });
  #changes = h("div", { class: "changes" });
  #compare = h("button", { type: "button", onclick: () => this.#ask() }, words.compare);
  #stay = h("button", { type: "button", class: "quiet", onclick: () => this.#stayHere() }, words.stay);
  #heading = h("h2", {}, words.heading);
  #text = h("p", {}, words.text);
  #next = "";
  #stayed = "";
  #asked = false;
  #here: Content | undefined;
  #shown: Content | undefined;

  constructor(private actions: NewerActions) {
    const follow = h("button", { type: "button", class: "primary", onclick: () => actions.follow(this.#next) }, words.follow);
    this.element.append(h("div", {}, this.#heading, this.#text), h("div", { class: "actions" }, follow, this.#compare, this.#stay), this.#said, this.#changes);
  }

  /** `next`: the newest version of the page that is looked at, whose content is `here`. */
  show(next: string | undefined, here: Content | undefined): void {
    this.#here = here;
    this.element.hidden = next === undefined;
    if (next === undefined || next === this.#next) return;
    this.#next = next;
    this.#asked = false;
    this.#shown = undefined;
    this.#compare.hidden = !here;
    this.#changes.replaceChildren();
    say(this.#said, "");
    this.#fold(this.#stayed === next);
  }

  clear(): void {
    this.#next = "";
    this.#here = this.#shown = undefined;
    this.#changes.replaceChildren();
    this.element.hidden = true;
  }

  /** How far the newer version is on its way. */
  state({ page, phase, holders, lock }: PageState): void {
    if (page !== this.#next || !this.#asked || this.#shown) return;
    say(this.#said, lock ? words.sealed : phase === "offered" ? words.large : phase === "asking" && holders === 0 ? words.nobody : words.loading);
  }

  /** The newer version is here. */
  content(content: Content): void {
    if (content.page !== this.#next || !this.#asked || this.#shown || !this.#here) return;
    this.#shown = content;
    say(this.#said, "");
    void this.#show(this.#here, content);
  }

  #ask(): void {
    this.#asked = true;
    this.#compare.hidden = true;
    say(this.#said, words.loading);
    this.actions.peek();
  }

  async #show(before: Content, after: Content): Promise<void> {
    const { changes } = await import("./changes");
    if (this.#shown !== after) return;
    const region = h("div", { class: "changed", role: "region", tabIndex: 0, "aria-label": words.changes }, ...changes(before.document, after.document));
    this.#changes.replaceChildren(region);
    region.focus();
  }

  #stayHere(): void {
    this.#stayed = this.#next;
    this.#changes.replaceChildren();
    say(this.#said, "");
    this.#fold(true);
  }

  /** Who stays isn't asked again, and can still follow. */
  #fold(folded: boolean): void {
    this.element.classList.toggle("folded", folded);
    this.#stay.hidden = folded;
    this.#heading.hidden = folded;
    say(this.#text, folded ? words.stayed : words.text);
  }
}
