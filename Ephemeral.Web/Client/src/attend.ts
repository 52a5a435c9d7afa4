// What a holder can ask of the browser: to be told when nobody else is left, and to keep the device awake.
import { h, say } from "./dom";
import type { Scene } from "./scene";
import { attend as words } from "./words";

export class Attend {
  readonly element: HTMLElement;
  #tell = h("input", { type: "checkbox", autocomplete: "off" });
  #awake = h("input", { type: "checkbox", autocomplete: "off" });
  #said = h("p", { class: "hint", role: "status", hidden: true });
  #lock: WakeLockSentinel | undefined;
  #before: Scene | undefined;
  #notice: Notification | undefined;
  #gone = new AbortController();

  constructor(before?: Attend) {
    if (before) {
      this.#tell.checked = before.#tell.checked;
      this.#awake.checked = before.#awake.checked;
      this.#before = before.#before;
    }
    this.#tell.addEventListener("change", () => void this.#askToTell());
    this.#awake.addEventListener("change", () => void this.#keepAwake());
    // The browser ends it whenever the tab is hidden.
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) {
        void this.#keepAwake();
        this.#notice?.close();
      }
    }, { signal: this.#gone.signal });
    const rows: Node[] = [];
    if ("Notification" in window) rows.push(h("label", { class: "switch" }, this.#tell, words.tell));
    if ("wakeLock" in navigator) rows.push(h("label", { class: "switch" }, this.#awake, words.awake, h("small", {}, words.awakeHint)));
    this.element = h("div", { class: "attend" }, ...rows, this.#said);
    this.element.hidden = rows.length === 0;
    void this.#keepAwake();
  }

  leave(): this {
    this.#gone.abort();
    void this.#lock?.release();
    return this;
  }

  /** The page is in this scene now. */
  notice(scene: Scene): void {
    const lastOne = scene === "alone" && this.#before === "held";
    this.#before = scene;
    if (!lastOne || !this.#tell.checked || !document.hidden || Notification.permission !== "granted") return;
    // Neither the page's title nor its address: notifications are shown on locked screens, and kept by the system.
    this.#notice = new Notification(words.lastHeading, { body: words.lastText, icon: "/lit.svg", tag: "ephemeral-last" });
    this.#notice.onclick = () => {
      window.focus();
      this.#notice?.close();
    };
  }

  async #askToTell(): Promise<void> {
    say(this.#said, "");
    if (!this.#tell.checked || (await Notification.requestPermission()) === "granted") return;
    this.#tell.checked = false;
    say(this.#said, words.notAllowed);
  }

  async #keepAwake(): Promise<void> {
    if (!this.#awake.checked) {
      await this.#lock?.release();
      this.#lock = undefined;
    } else if (!document.hidden && (this.#lock?.released ?? true)) {
      try {
        this.#lock = await navigator.wakeLock.request("screen");
      } catch {
        this.#awake.checked = false;
        say(this.#said, words.notAwake);
      }
    }
  }
}
