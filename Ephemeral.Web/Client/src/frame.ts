// Shows a stranger's HTML in the sandboxed frame. Whatever comes from in there is treated as the page's own doing.
import { copy, h, say } from "./dom";
import { frame as words } from "./words";

type Condition = "loading" | "shown" | "silent" | "stopped" | "left";

const beat = 2_500;
const beatsMissed = 2;
// Browsers keep the process of a closed frame for a moment; shown in there again, the page would hang at once.
const stoppingTakes = 3_500;
const longestLink = 2_048;

export class Guest {
  readonly element: HTMLElement;
  #stage = h("div", { class: "stage" });
  #said = h("p", { class: "said" });
  #blocked = h("p", { class: "blocked" });
  #run = h("button", { type: "button", onclick: () => this.#askFirst() }, words.run);
  #stop = h("button", { type: "button", onclick: () => this.#load(false) }, words.stop);
  #confirm = h("div", { class: "confirm", role: "group", hidden: true });
  #notice = h("div", { class: "notice", role: "group", hidden: true });
  #html = "";
  #own = false;
  #scripts = false;
  #port: MessagePort | undefined;
  #frame: HTMLIFrameElement | undefined;
  #unanswered = 0;
  #condition: Condition = "loading";

  constructor(private titled: (title: string) => void) {
    const go = h("button", { type: "button", class: "primary", onclick: () => this.#load(true) }, words.confirm);
    const no = h("button", { type: "button", onclick: () => this.#keepOff() }, words.cancel);
    this.#confirm.append(h("p", {}, words.risk), h("div", { class: "actions" }, go, no));
    const bar = h("div", { class: "bar" }, h("div", {}, this.#said, this.#blocked), this.#run, this.#stop);
    this.element = h("div", { class: "guest" }, bar, this.#confirm, this.#notice, this.#stage);
    setInterval(() => this.#beat(), beat);
  }

  show(html: string, own: boolean): void {
    if (this.#frame && html === this.#html) return;
    this.#html = html;
    this.#own = own;
    this.#load(false);
  }

  clear(): void {
    this.#close();
    this.#html = "";
  }

  #load(scripts: boolean): void {
    this.#close();
    this.#scripts = scripts;
    const [running, safe] = this.#own ? [words.runningOwn, words.safeOwn] : [words.running, words.safe];
    say(this.#said, scripts ? running : safe);
    say(this.#blocked, "");
    this.#confirm.hidden = true;
    this.#notice.hidden = true;
    this.#run.hidden = scripts;
    this.#stop.hidden = !scripts;
    this.#condition = "loading";

    const frame = h("iframe", { title: words.title, referrerPolicy: "no-referrer", src: "/view" });
    frame.setAttribute("sandbox", "allow-scripts allow-forms");
    frame.setAttribute("credentialless", "");
    frame.onload = () => this.#loaded(frame);
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

  #loaded(frame: HTMLIFrameElement): void {
    if (frame !== this.#frame) return;
    // Written to, the frame says "load" once more.
    if (this.#port) return;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = (event) => this.#heard(port1, event.data);
    // The frame's origin is opaque and has no name to send to; what is sent is what it is about to show anyway.
    frame.contentWindow?.postMessage({ html: this.#html, scripts: this.#scripts }, "*", [port2]);
  }

  #heard(port: MessagePort, message: unknown): void {
    if (port !== this.#port || typeof message !== "object" || message === null) return;
    const { pong, shown, left, link, nowhere, blocked, title } = message as Record<string, unknown>;
    if (pong === true) this.#answered();
    if (shown === true) this.#condition = "shown";
    if (left === true) return this.#gone("left");
    if (typeof link === "string") this.#offer(link);
    if (nowhere === true) this.#tell(words.nowhere);
    if (typeof blocked === "number" && blocked > 0 && blocked < 1000) say(this.#blocked, words.blocked(Math.floor(blocked)));
    if (typeof title === "string") this.titled(title.replace(/\s+/g, " ").trim().slice(0, 60));
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

  #gone(how: "left" | "stopped"): void {
    this.#close();
    this.#condition = how;
    this.#notice.hidden = this.#run.hidden = this.#stop.hidden = true;
    say(this.#said, words.off);
    say(this.#blocked, "");
    const again = this.#action(words.again, () => {
      again.disabled = true;
      setTimeout(() => this.#condition === how && this.#load(false), how === "stopped" ? stoppingTakes : 0);
    });
    this.#stage.replaceChildren(h("div", { class: "empty" }, h("p", { role: "status" }, how === "left" ? words.left : words.stopped), again));
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
