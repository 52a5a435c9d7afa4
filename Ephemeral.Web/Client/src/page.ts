// The page's own screen: how alive it is, where it is, and either the page or what is missing.
import type { Bytes } from "./bytes";
import { Attend } from "./attend";
import { bringForm } from "./bring";
import { isDocument } from "./document";
import { copy, flame, h, saveAs, say } from "./dom";
import { lockForm } from "./lock";
import type { About, Content, PageState } from "./messages";
import { visible } from "./names";
import { Newer } from "./newer";
import { Rate } from "./rate";
import { reportAddress } from "./report";
import { isHeld, telling, type Scene } from "./scene";
import { Share } from "./share";
import { Shown, type ShowActions } from "./show";
import { Vitals } from "./vitals";
import { about as aboutWords, newer as newerWords, page as words, shell, short, size, waiting } from "./words";

export interface PageActions extends ShowActions {
  bring(page: string, variants: Bytes[]): void;
  unlock(page: string, key: string, passphrase: string): void;
  load(page: string): void;
  pause(page: string): void;
  peek(page: string): void;
  follow(next: string): void;
  /** Takes the page to the desk: to be changed, or a copy of it. */
  edit(content: Content, change: boolean): void;
  tryNow(): void;
  again(page: string): void;
  goHome(): void;
}

const filesNamed = 30;
const editableKinds = ["html", "markdown", "text", "files"];

export class PageScreen {
  readonly element: HTMLElement;
  #page = "";
  #key = "";
  #vitals = new Vitals();
  #attend: Attend;
  #share: Share;
  #address = h("code", {});
  #copy = h("button", { type: "button", class: "primary", onclick: () => void this.#copyLink() }, words.copy);
  #copyKeyless = h("button", { type: "button", class: "quiet", onclick: () => void this.#copyLink(false) }, words.copyWithoutKey);
  #save = h("button", { type: "button", onclick: () => this.#saveCopy() }, words.save);
  #edit = h("button", { type: "button", hidden: true, onclick: () => this.#content && this.actions.edit(this.#content, this.#editable) });
  #editable = false;
  #newer: Newer;
  #byHand = h("p", { class: "by-hand", hidden: true });
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
  #report = h("a", { class: "report", target: "_blank", rel: "noopener noreferrer" }, shell.report);
  #shown: Shown;
  #content: Content | undefined;
  #incoming = new Rate();

  /** `before`: what was asked of the browser on the screen before this one. */
  constructor(private actions: PageActions, before?: Attend) {
    this.#shown = new Shown(actions);
    this.#attend = new Attend(before);
    this.#newer = new Newer({ peek: () => actions.peek(this.#page), follow: (next) => actions.follow(next) });
    this.#share = new Share({
      print: () => void this.#shown.print(),
      source: () => void this.#shown.source().then((shows) => this.#share.showsSource(shows)),
    }, this.#attend.element);
    const address = h("div", { class: "address" }, h("h1", {}, this.#address), this.#copy, this.#copyKeyless, this.#save, this.#share.button, this.#edit, this.#byHand);
    this.#sign.append(flame());
    this.#waiting = h("section", { class: "waiting" }, this.#sign, this.#heading, this.#text, this.#progress, this.#rate, this.#others, this.#retry,
      h("div", { class: "actions" }, this.#load, this.#pause, this.#tryNow, this.#again, this.#raw, this.#home), this.#about, this.#bring.element);
    this.#held.append(this.#shown.element);
    this.element = h("section", { class: "page" }, h("div", { class: "status" }, this.#vitals.element, address), this.#share.element, this.#newer.element, this.#waiting, this.#lock.element, this.#held, this.#report);
  }

  /** This screen is not used any more. */
  leave(): Attend {
    this.#shown.leave();
    return this.#attend.leave();
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
    this.#vitals.clear();
    this.#share.close();
    this.#newer.clear();
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
    const now = Date.now();
    this.element.dataset.scene = scene;
    this.#vitals.show(scene, state, now);
    this.#attend.notice(scene);
    this.#share.button.hidden = !has;
    if (!has) this.#share.close();
    this.#share.about(this.#page, this.#link, this.#shown.hasSource);
    this.#editable = state?.editable === true;
    this.#edit.hidden = !has || !this.#content || !editableKinds.includes(this.#content.document.kind);
    say(this.#edit, this.#edit.hidden ? "" : this.#editable ? newerWords.edit : newerWords.copy);
    this.#newer.show(has ? state?.newer : undefined, this.#content);
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
    const retrying = scene === "lost" || scene === "offline" || scene === "refused" || scene === "impossible";
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
    const what = (aboutWords.kinds as Record<string, string>)[kind] ?? aboutWords.other(visible(kind.slice(0, 40)));
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

  /** Of another page than the one that is looked at: its newer version, if it is that. */
  showNewer(content: Content): void {
    this.#newer.content(content);
  }

  newerState(state: PageState): void {
    this.#newer.state(state);
  }

  notTheSame(got: string): void {
    this.#bring.notTheSame(got);
  }

  focusCopy(): void {
    this.#copy.focus();
  }

  get #link(): string {
    return `${location.origin}/${this.#page}${this.#key ? `#${this.#key}` : ""}`;
  }

  async #copyLink(withKey = true): Promise<void> {
    const button = withKey ? this.#copy : this.#copyKeyless;
    const label = withKey ? words.copy : words.copyWithoutKey;
    const link = withKey ? this.#link : this.#link.replace(/#.*/, "");
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
