// The page's own screen: how alive it is, where it is, and either the page or what is missing.
import type { PageFile } from "./document";
import { copy, flame, h, saveAs, say } from "./dom";
import { bringForm } from "./bring";
import { Guest } from "./frame";
import { hearth } from "./hearth";
import type { Content, PageState } from "./messages";
import { heldSentence, isHeld, telling, type Scene } from "./scene";
import { files as fileWords, kinds, page as words, short, size, waiting } from "./words";

export interface PageActions {
  bring(page: string, variants: Uint8Array<ArrayBuffer>[]): void;
  saveFile(page: string, name: string): void;
  tryNow(): void;
  again(page: string): void;
  goHome(): void;
  announce(text: string): void;
  titled(title: string): void;
}

export class PageScreen {
  readonly element: HTMLElement;
  #page = "";
  #hearth = hearth();
  #address = h("code", {});
  #copy = h("button", { type: "button", class: "primary", onclick: () => void this.#copyLink() }, words.copy);
  #save = h("button", { type: "button", onclick: () => this.#saveCopy() }, words.save);
  #byHand = h("p", { class: "by-hand", hidden: true });
  #sentence = h("p", { class: "sentence" });
  #sign = h("div", { class: "sign" });
  #heading = h("h2", {});
  #text = h("p", {});
  #others = h("p", { class: "hint" });
  #retry = h("p", { class: "hint" });
  #progress = h("progress", {});
  #tryNow = h("button", { type: "button", onclick: () => this.actions.tryNow() }, waiting.tryNow);
  #again = h("button", { type: "button", class: "primary", onclick: () => this.actions.again(this.#page) }, waiting.askAgain);
  #raw = h("a", { class: "button" }, words.raw);
  #home = h("a", { class: "button", href: "/", onclick: (event) => { event.preventDefault(); this.actions.goHome(); } }, waiting.goHome);
  #bring = bringForm((variants) => this.actions.bring(this.#page, variants));
  #waiting: HTMLElement;
  #held = h("section", { class: "held", hidden: true });
  #guest = new Guest((title) => this.actions.titled(title));
  #content: Content | undefined;

  constructor(private actions: PageActions) {
    const address = h("div", { class: "address" }, h("h1", {}, this.#address), this.#copy, this.#save, this.#byHand);
    const vitals = h("div", { class: "vitals" }, this.#hearth.element, this.#sentence);
    this.#sign.append(flame());
    this.#waiting = h("section", { class: "waiting" }, this.#sign, this.#heading, this.#text, this.#progress, this.#others, this.#retry,
      h("div", { class: "actions" }, this.#tryNow, this.#again, this.#raw, this.#home), this.#bring.element);
    this.element = h("section", { class: "page" }, h("div", { class: "status" }, vitals, address), this.#waiting, this.#held);
  }

  /** Another page is looked at from now on. */
  turnTo(page: string): void {
    this.#page = page;
    this.#content = undefined;
    this.#guest.clear();
    this.#held.replaceChildren();
    this.#bring.clear();
    this.#byHand.hidden = true;
    this.#address.textContent = short(page);
    this.#address.title = page;
    this.#raw.href = `/${page}/raw`;
  }

  show(scene: Scene, state: PageState | undefined, retryInSeconds: number): void {
    const has = isHeld(scene);
    const settling = scene === "settling" && !state?.holders;
    this.element.dataset.scene = scene;
    this.#hearth.show(settling ? undefined : state?.holders, has);
    say(this.#sentence, has ? heldSentence(scene, state?.holders) : "");
    this.#save.hidden = !this.#content;
    this.#held.hidden = !has;
    this.#waiting.hidden = has;
    if (has) return;

    const { heading, text } = telling(scene, state);
    say(this.#heading, heading);
    say(this.#text, text);
    this.#progress.hidden = scene !== "gathering";
    this.#progress.max = state?.total ?? 1;
    this.#progress.value = state?.got ?? 0;
    say(this.#others, scene === "nobody" && state && state.waiters > 1 ? waiting.others(state.waiters - 1) : "");
    const retrying = scene === "lost" || scene === "refused" || scene === "impossible";
    say(this.#retry, retrying && retryInSeconds >= 0 ? waiting.retryIn(retryInSeconds) : "");
    this.#tryNow.hidden = !retrying;
    this.#again.hidden = scene !== "wrong" && scene !== "turned-away";
    this.#raw.hidden = scene !== "unusable" && scene !== "broken";
    this.#home.hidden = scene !== "blocked" && scene !== "wrong";
    this.#bring.element.hidden = scene !== "nobody" || state?.phase !== "asking";
  }

  showContent(content: Content, own: boolean): void {
    if (content.page !== this.#page || this.#content) return;
    this.#content = content;
    const { document: shown } = content;
    if (!shown.usable) return;
    const parts: Node[] = [];
    if (shown.title) {
      parts.push(h("p", { class: "title" }, shown.title));
      this.actions.titled(shown.title.slice(0, 60));
    }
    if (shown.kind === "html") {
      parts.push(this.#guest.element);
      this.#guest.show(shown.text, own);
    } else if (shown.kind === "text" || shown.kind === "markdown") {
      if (shown.kind === "markdown") parts.push(h("p", { class: "hint" }, kinds.markdown));
      parts.push(h("pre", { tabIndex: 0, role: "region", "aria-label": "Page content" }, shown.text));
    } else if (shown.kind !== "files") {
      parts.push(h("p", { class: "hint" }, kinds.other(shown.kind.slice(0, 40))));
    }
    if (shown.files.length > 0) parts.push(this.#fileList(shown.files));
    this.#held.replaceChildren(...parts);
  }

  notTheSame(got: string): void {
    this.#bring.notTheSame(got);
  }

  focusCopy(): void {
    this.#copy.focus();
  }

  #fileList(files: PageFile[]): HTMLElement {
    const row = ({ name, size: bytes }: PageFile): HTMLElement => h("li", {}, h("span", {}, name), h("small", {}, size(bytes)),
      h("button", { type: "button", "aria-label": fileWords.saveNamed(name), onclick: () => this.actions.saveFile(this.#page, name) }, fileWords.save));
    return h("div", { class: "files" }, h("h2", {}, fileWords.heading(files.length)), h("ul", {}, ...files.map(row)));
  }

  async #copyLink(): Promise<void> {
    const link = `${location.origin}/${this.#page}`;
    if (await copy(link)) {
      this.#copy.textContent = words.copied;
      this.actions.announce(words.copied);
      setTimeout(() => (this.#copy.textContent = words.copy), 2_000);
    } else {
      this.#byHand.replaceChildren(words.copyByHand, " ", h("code", {}, link));
      this.#byHand.hidden = false;
    }
  }

  #saveCopy(): void {
    // As .txt: opened from the disk, a stranger's .html would run with no box around it.
    if (this.#content) saveAs(new Blob([this.#content.root], { type: "application/octet-stream" }), `${this.#page.slice(0, 8)}.txt`);
  }
}
