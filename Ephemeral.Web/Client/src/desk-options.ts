// How the page on the desk is meant: what it is written as, who can read it, and whether it may be changed later.
import { h } from "./dom";
import type { DraftState } from "./messages";
import { home as words } from "./words";

export class DeskOptions {
  #kind = h("select", { id: "kind", autocomplete: "off" }, ...Object.entries(words.kinds).map(([kind, name]) => h("option", { value: kind }, name)));
  #private = h("input", { type: "checkbox", id: "private", autocomplete: "off" });
  #editable = h("input", { type: "checkbox", id: "editable", autocomplete: "off" });
  #passphrase = h("input", { type: "password", id: "passphrase", autocomplete: "new-password", "aria-describedby": "passphrase-hint" });
  readonly kindChoice: HTMLElement[] = [h("label", { htmlFor: "kind" }, words.kind), this.#kind];
  readonly switches: HTMLElement[];
  /** What there is to say and to choose of a private page. */
  readonly secret = h("div", { class: "secret", hidden: true },
    h("p", { class: "hint" }, words.privateHint), h("label", { htmlFor: "passphrase" }, words.passphrase), this.#passphrase,
    h("p", { class: "hint", id: "passphrase-hint" }, words.passphraseHint));

  constructor(changed: () => void) {
    const secure = crypto.subtle as SubtleCrypto | undefined;
    this.#private.disabled = this.#editable.disabled = !secure;
    this.switches = [
      h("label", { class: "switch", title: secure ? words.privateHint : words.privateImpossible }, this.#private, words.private),
      h("label", { class: "switch", title: secure ? words.editableHint : words.editableImpossible }, this.#editable, words.editable),
    ];
    this.#private.addEventListener("change", () => {
      this.secret.hidden = !this.#private.checked;
      changed();
    });
    this.#kind.addEventListener("change", changed);
  }

  get kind(): DraftState["kind"] {
    return this.#kind.value as DraftState["kind"];
  }

  set kind(kind: DraftState["kind"]) {
    this.#kind.value = kind;
  }

  get sealed(): { passphrase: string } | undefined {
    return this.#private.checked ? { passphrase: this.#passphrase.value } : undefined;
  }

  get editable(): boolean {
    return this.#editable.checked;
  }

  /** `fixed`: a page is being changed; who can read it and change it is what it was. */
  put(sealed: { passphrase: string } | undefined, editable: boolean, fixed: boolean): void {
    for (const element of this.switches) element.hidden = fixed;
    this.#editable.checked = editable;
    this.#private.checked = sealed !== undefined;
    this.#passphrase.value = sealed?.passphrase ?? "";
    this.secret.hidden = sealed === undefined || fixed;
  }
}
