// The page's own screen: how alive it is, where it is, and either the page or what is missing.
import type { Bytes } from "./bytes";
import { bringForm } from "./bring";
import { isDocument } from "./document";
import { copy, flame, h, saveAs, say } from "./dom";
import { hearth } from "./hearth";
import { lockForm } from "./lock";
import type { About, Content, PageState } from "./messages";
import { visible } from "./names";
import { Rate } from "./rate";
import { reportAddress } from "./report";
import { heldSentence, isHeld, telling, type Scene } from "./scene";
import { Shown, type ShowActions } from "./show";
import { about as aboutWords, page as words, short, size, waiting } from "./words";

export interface PageActions extends ShowActions {
  bring(page: string, variants: Bytes[]): void;
  unlock(page: string, key: string, passphrase: string): void;
  load(page: string): void;
  pause(page: string): void;
  tryNow(): void;
  again(page: string): void;
  goHome(): void;
}

const filesNamed = 30;

export class PageScreen {
  readonly element: HTMLElement;
  #page = "";
  #key = "";
  #hearth = hearth();
  #address = h("code", {});
  #copy = h("button", { type: "button", class: "primary", onclick: () => void this.#copyLink() }, words.copy);
  #copyKeyless = h("button", { type: "button", class: "quiet", onclick: () => void this.#copyLink(false) }, words.copyWithoutKey);
  #save = h("button", { type: "button", onclick: () => this.#saveCopy() }, words.save);
  #byHand = h("p", { class: "by-hand", hidden: true });
  #sentence = h("p", { class: "sentence" });
  #given = h("p", { class: "given" });
  #sign = h("div", { class: "sign" });
  #heading = h("h2", {});
  #text = h("p", {});
  #others = h("p", { class: "hint" });
  #retry = h("p", { class: "hint" });
  #progress = h("progress", { "aria-label": waiting.gathering(0, 0, 0).heading });
  #rate = h("p", { class: "hint" });
  #about = h("div", { class: "about", hidden: true });
  #fileStates: HTMLElement[] = [];
  #tryNow = h("button", { type: "button", onclick: () => this.actions.tryNow() }, waiting.tryNow);
  #load = h("button", { type: "button", class: "primary", onclick: () => this.actions.load(this.#page) }, waiting.load);
  #pause = h("button", { type: "button", onclick: () => this.actions.pause(this.#page) }, waiting.pause);
  #again = h("button", { type: "button", class: "primary", onclick: () => this.actions.again(this.#page) }, waiting.askAgain);
  #raw = h("a", { class: "button" }, words.raw);
  #home = h("a", { class: "button", href: "/", onclick: (event) => { event.preventDefault(); this.actions.goHome(); } }, waiting.goHome);
  #bring = bringForm((variants) => this.actions.bring(this.#page, variants));
  #lock = lockForm((key, passphrase) => this.actions.unlock(this.#page, key, passphrase));
  #waiting: HTMLElement;
  #held = h("section", { class: "held", hidden: true });
  #report = h("a", { class: "report", target: "_blank", rel: "noopener noreferrer" }, words.report);
  #shown: Shown;
  #content: Content | undefined;
  #incoming = new Rate();
  #outgoing = new Rate();

  constructor(private actions: PageActions) {
    this.#shown = new Shown(actions);
    const address = h("div", { class: "address" }, h("h1", {}, this.#address), this.#copy, this.#copyKeyless, this.#save, this.#byHand);
    const vitals = h("div", { class: "vitals" }, this.#hearth.element, this.#sentence, this.#given);
    this.#sign.append(flame());
    this.#waiting = h("section", { class: "waiting" }, this.#sign, this.#heading, this.#text, this.#progress, this.#rate, this.#others, this.#retry,
      h("div", { class: "actions" }, this.#load, this.#pause, this.#tryNow, this.#again, this.#raw, this.#home), this.#about, this.#bring.element);
    this.#held.append(this.#shown.element);
    this.element = h("section", { class: "page" }, h("div", { class: "status" }, vitals, address), this.#waiting, this.#lock.element, this.#held, this.#report);
  }

  /** Another page is looked at from now on. `key`: as the address has it after the #, or empty. */
  turnTo(page: string, key: string): void {
    this.#key = key;
    this.#copyKeyless.hidden = key === "";
    if (page === this.#page) return;
    this.#page = page;
    this.#content = undefined;
    this.#shown.clear();
    this.#bring.clear();
    this.#lock.clear();
    this.#incoming.clear();
    this.#outgoing.clear();
    this.#about.replaceChildren();
    this.#byHand.hidden = true;
    this.#address.textContent = short(page);
    this.#address.title = page;
    this.#raw.href = `/${page}/raw`;
    const report = reportAddress(page);
    this.#report.hidden = !report;
    this.#report.href = report ?? "";
  }

  show(scene: Scene, state: PageState | undefined, retryInSeconds: number): void {
    const has = isHeld(scene);
    const settling = scene === "settling" && !state?.holders;
    const now = Date.now();
    this.element.dataset.scene = scene;
    this.#hearth.show(settling ? undefined : state?.holders, has);
    say(this.#sentence, has ? heldSentence(scene, state?.holders) : "");
    this.#outgoing.add(state?.givenBytes ?? 0, now);
    say(this.#given, state?.givenBytes ? words.given(state.givenBytes, this.#outgoing.perSecond(now)) : "");
    this.#save.hidden = !this.#content || this.#content.document.kind === "files";
    this.#lock.show(has || scene === "offered" || scene === "gathering" ? state?.lock : undefined);
    this.#held.hidden = !has || state?.lock !== undefined;
    this.#waiting.hidden = has;
    if (has) return this.#about.replaceChildren();

    const { heading, text } = telling(scene, state);
    say(this.#heading, heading);
    say(this.#text, text);
    this.#progress.hidden = scene !== "gathering";
    this.#progress.max = state?.totalBytes || 1;
    this.#progress.value = state?.gotBytes ?? 0;
    if (scene === "gathering") this.#incoming.add(state?.gotBytes ?? 0, now);
    else this.#incoming.clear();
    const rate = this.#incoming.perSecond(now);
    say(this.#rate, scene === "gathering" && state && rate > 0 ? waiting.rate(rate, (state.totalBytes - state.gotBytes) / rate) : "");
    this.#about.hidden = scene !== "gathering" && scene !== "offered" && !(scene === "nobody" && state?.phase === "gathering");
    this.#fileStates.forEach((element, i) => {
      const [got, of] = [state?.fileBytes?.[i] ?? 0, Number(element.dataset.size)];
      say(element, aboutWords.bytesOf(scene === "gathering" ? got : 0, of));
    });
    say(this.#others, scene === "nobody" && state && state.waiters > 1 ? waiting.others(state.waiters - 1) : "");
    const retrying = scene === "lost" || scene === "refused" || scene === "impossible";
    say(this.#retry, retrying && retryInSeconds >= 0 ? waiting.retryIn(retryInSeconds) : "");
    this.#tryNow.hidden = !retrying;
    this.#load.hidden = scene !== "offered";
    this.#pause.hidden = scene !== "gathering";
    this.#again.hidden = scene !== "wrong" && scene !== "turned-away";
    this.#raw.hidden = scene !== "unusable" && scene !== "broken";
    this.#home.hidden = scene !== "blocked" && scene !== "wrong";
    this.#bring.element.hidden = scene !== "nobody" || state?.phase !== "asking";
  }

  /** What the page is, before it is here. */
  showAbout({ page, kind, title, files, sealed }: About): void {
    if (page !== this.#page) return;
    const what = aboutWords.kinds[kind] ?? aboutWords.other(kind.slice(0, 40));
    const sentence = [sealed && kind !== "sealed" ? `${aboutWords.kinds.sealed}: ${what}` : what, kind !== "files" && files.length > 0 && aboutWords.withFiles(files.length)];
    const rows = files.slice(0, filesNamed).map((file) => {
      const state = h("small", { "data-size": String(file.size) }, size(file.size));
      return h("li", {}, h("bdi", {}, visible(file.name)), state);
    });
    this.#fileStates = rows.map((row) => row.lastElementChild as HTMLElement);
    if (files.length > filesNamed) rows.push(h("li", {}, aboutWords.more(files.length - filesNamed)));
    this.#about.replaceChildren(h("h3", {}, visible(title) || sentence.filter(Boolean).join(" ")), ...(title ? [h("p", {}, sentence.filter(Boolean).join(" "))] : []), h("ul", {}, ...rows));
  }

  showContent(content: Content, own: boolean): void {
    if (content.page !== this.#page || this.#content) return;
    this.#content = content;
    this.#shown.show(content, own);
  }

  notTheSame(got: string): void {
    this.#bring.notTheSame(got);
  }

  focusCopy(): void {
    this.#copy.focus();
  }

  async #copyLink(withKey = true): Promise<void> {
    const button = withKey ? this.#copy : this.#copyKeyless;
    const label = withKey ? words.copy : words.copyWithoutKey;
    const link = `${location.origin}/${this.#page}${withKey && this.#key ? `#${this.#key}` : ""}`;
    if (await copy(link)) {
      button.textContent = words.copied;
      this.actions.announce(withKey ? words.copiedSaid : words.copiedWithoutKeySaid);
      setTimeout(() => (button.textContent = label), 2_000);
    } else {
      this.#byHand.replaceChildren(words.copyByHand, " ", h("code", {}, link));
      this.#byHand.hidden = false;
    }
  }

  #saveCopy(): void {
    if (!this.#content) return;
    const { root, document: shown } = this.#content;
    // As .txt: opened from the disk, a stranger's .html would run with no box around it.
    const ending = shown.kind === "markdown" ? "md" : "txt";
    saveAs(new Blob([isDocument(root) ? shown.text : root], { type: "application/octet-stream" }), `${this.#page.slice(0, 8)}.${ending}`);
  }
}
