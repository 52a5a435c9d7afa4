// The home page: what is written and chosen here is the page.
import { CannotTake, chosenFiles, filesOf, kindOf, namedFiles, siteEntry, together } from "./chosen";
import { bytesIn } from "./document";
import { h, say } from "./dom";
import { DeskPreview } from "./desk-preview";
import { Draft } from "./draft";
import { lights } from "./hearth";
import type { DraftState, NewFile, NewPage, PageState } from "./messages";
import { visible } from "./names";
import { home as words, make, short, size } from "./words";

export interface HomeActions {
  create(page: NewPage): void;
  stopMaking(): void;
  go(page: string): void;
  release(page: string): void;
  /** Keeps what is being written over a reload of the tab. */
  keep(draft: DraftState): void;
}

type WrittenKind = "html" | "markdown" | "text";

/** What somebody has written and chosen and not made a page of yet. */
export interface Written {
  text: string;
  kind: WrittenKind;
  files: NewFile[];
  isSite: boolean;
  sealed: { passphrase: string } | undefined;
  editable: boolean;
  /** The page that is being changed. */
  follows: string | undefined;
}

/** What another program has shared with this one. */
export interface Shared {
  text: string;
  files: File[];
}

const shownFiles = 50;
const keepAfter = 600; // ms without another letter

export class HomeScreen {
  // Without "off" browsers write what is typed to the disk, to fill it in again when a session is restored.
  #area = h("textarea", { id: "content", placeholder: words.placeholder, autocomplete: "off", rows: 12, "aria-describedby": "trouble hint" });
  #trouble = h("p", { id: "trouble", class: "trouble", role: "alert", hidden: true });
  #hint = h("p", { id: "hint", class: "hint", hidden: true });
  #create = h("button", { type: "button", class: "primary big", onclick: () => this.#make() }, words.create);
  #kind = h("select", { id: "kind", autocomplete: "off" }, ...Object.entries(words.kinds).map(([kind, name]) => h("option", { value: kind }, name)));
  #files = h("section", { class: "chosen", hidden: true });
  #private = h("input", { type: "checkbox", id: "private", autocomplete: "off" });
  #passphrase = h("input", { type: "password", id: "passphrase", autocomplete: "new-password", "aria-describedby": "passphrase-hint" });
  #secret = h("div", { class: "secret", hidden: true },
    h("p", { class: "hint" }, words.privateHint), h("label", { htmlFor: "passphrase" }, words.passphrase), this.#passphrase,
    h("p", { class: "hint", id: "passphrase-hint" }, words.passphraseHint));
  #making = h("div", { class: "making", role: "group", hidden: true });
  #makingText = h("p", {});
  #makingBar = h("progress", { max: 1, value: 0, "aria-label": words.create });
  #lights = lights();
  #pulse = h("p", { class: "pulse" });
  #site = h("div", { class: "site" }, this.#lights.element, this.#pulse);
  #still = h("section", { class: "still", hidden: true });
  #editable = h("input", { type: "checkbox", id: "editable", autocomplete: "off" });
  #template = h("select", { id: "template", autocomplete: "off" }, ...Object.entries(words.templates).map(([name, said]) => h("option", { value: name }, said)));
  #templates = h("span", { class: "templates" }, h("label", { htmlFor: "template" }, words.template), this.#template);
  #look = h("button", { type: "button", hidden: true, onclick: () => this.#preview() }, words.preview);
  #fate = h("p", { class: "hint fate" });
  #editing = h("div", { class: "editing", role: "group", hidden: true }, h("p", {}, words.editing), h("button", { type: "button", class: "quiet", onclick: () => this.#cancel() }, words.cancel));
  #switches: HTMLElement[];
  #shown = new DeskPreview();
  readonly element: HTMLElement;

  #maxBlob = 1_048_576;
  #draft = new Draft();
  #chosen: NewFile[] = [];
  #isSite = true;
  #left = new AbortController();
  #follows: string | undefined;
  /** What was on the desk when a page was taken up to be changed. */
  #stash: Written | undefined;

  constructor(private actions: HomeActions, written?: Written) {
    const chooser = (id: string, label: string, folder: boolean): [HTMLElement, HTMLElement] => {
      const input = h("input", { type: "file", class: "unseen", id, multiple: true, webkitdirectory: folder, onchange: () => {
        const files = chosenFiles(input);
        input.value = "";
        this.#add(files);
      } });
      return [input, h("label", { class: "button", htmlFor: id }, label)];
    };
    const secure = crypto.subtle as SubtleCrypto | undefined;
    this.#private.disabled = this.#editable.disabled = !secure;
    this.#private.addEventListener("change", () => {
      this.#secret.hidden = !this.#private.checked;
      this.#changed();
    });
    this.#kind.addEventListener("change", () => this.#changed());
    this.#template.addEventListener("change", () => this.#start());
    this.#switches = [
      h("label", { class: "switch", title: secure ? words.privateHint : words.privateImpossible }, this.#private, words.private),
      h("label", { class: "switch", title: secure ? words.editableHint : words.editableImpossible }, this.#editable, words.editable),
    ];
    this.#making.append(this.#makingText, this.#makingBar, h("button", { type: "button", onclick: () => actions.stopMaking() }, make.stop));

    const lead = h("div", { class: "lead" }, h("h1", {}, words.heading), h("p", {}, words.lead), this.#site, this.#still);
    const options = h("div", { class: "options" },
      h("label", { htmlFor: "kind" }, words.kind), this.#kind, ...chooser("add-files", words.addFiles, false), ...chooser("add-folder", words.addFolder, true),
      ...this.#switches);
    const desk = h("div", { class: "desk", "data-drop": words.dropHere }, this.#editing, h("label", { htmlFor: "content", class: "unseen" }, words.label), this.#area, this.#files, this.#trouble,
      h("div", { class: "row" }, this.#create, this.#look, this.#templates, options), this.#fate, this.#hint, this.#secret, this.#making);
    this.element = h("section", { class: "home" }, lead, desk);
    this.#listen();
    if (written) this.#put(written);
    else this.#changed();
  }

  /** This screen is not used any more; another goes on with what was written. */
  leave(): Written {
    this.#left.abort();
    this.#shown.leave();
    return this.#written;
  }

  /** Takes a page up to be changed, or, without `follows`, a copy of one. What is on the desk comes back afterwards. */
  edit(written: Written): void {
    this.#stash ??= this.#written;
    this.#put(written);
  }

  get #written(): Written {
    const sealed = this.#private.checked ? { passphrase: this.#passphrase.value } : undefined;
    return {
      text: this.#draft.exact(this.#area.value), kind: this.#kind.value as WrittenKind, files: this.#chosen, isSite: this.#isSite, sealed,
      editable: this.#editable.checked, follows: this.#follows,
    };
  }

  #cancel(): void {
    if (this.#stash) this.#put(this.#stash);
    this.#stash = undefined;
    this.#area.focus();
  }

  /** What was being written before a reload comes back to an empty desk. */
  goOn({ text, kind }: DraftState): void {
    if (this.#area.value !== "" || this.#chosen.length > 0) return;
    this.#kind.value = kind;
    this.#area.value = this.#draft.replace(text);
    this.#changed();
  }

  /** Puts in what another program has shared. */
  take({ text, files }: Shared): void {
    if (text !== "") {
      this.#area.value = this.#draft.replace(text);
      this.#kind.value = "text";
    }
    this.#add(namedFiles(files));
    this.#changed();
  }

  limit(maxBlob: number): void {
    this.#maxBlob = maxBlob;
    this.#sayFate();
  }

  pulse(pages: number, holders: number): void {
    this.#lights.show(pages, false);
    say(this.#pulse, words.pulse(pages, holders));
  }

  holding(pages: readonly PageState[]): void {
    this.#still.hidden = pages.length === 0;
    const row = ({ page }: PageState): HTMLElement => h("li", {},
      h("a", { href: `/${page}`, "aria-label": words.goTo(page), onclick: (event) => { event.preventDefault(); this.actions.go(page); } }, short(page)),
      h("button", { type: "button", class: "quiet", onclick: () => this.actions.release(page) }, words.letGo));
    this.#still.replaceChildren(h("p", {}, words.stillHolding(pages.length)), h("ul", {}, ...pages.map(row)));
  }

  making(done: number, total: number): void {
    this.#making.hidden = false;
    this.#makingBar.value = done / total;
    say(this.#makingText, make.progress(done, total));
  }

  /** It is made, or can't be for the reason that is given. */
  made(trouble = ""): void {
    this.#making.hidden = true;
    this.#create.disabled = false;
    if (trouble) {
      this.#keepSoon();
      return this.#refuse(trouble);
    }
    this.#hidePreview();
    if (this.#stash) this.#put(this.#stash);
    this.#stash = undefined;
  }

  clear(): void {
    this.#stash = undefined;
    this.#put({ text: "", kind: this.#kind.value as WrittenKind, files: [], isSite: this.#isSite, sealed: this.#private.checked ? { passphrase: "" } : undefined, editable: this.#editable.checked, follows: undefined });
  }

  focus(): void {
    this.#write();
    this.#area.focus();
  }

  #put({ text, kind, files, isSite, sealed, editable, follows }: Written): void {
    this.#follows = follows;
    this.#editing.hidden = follows === undefined;
    this.#create.textContent = follows === undefined ? words.create : words.publish;
    for (const element of this.#switches) element.hidden = follows !== undefined;
    this.#editable.checked = editable;
    this.#area.value = this.#draft.replace(text);
    this.#kind.value = kind;
    this.#isSite = isSite;
    this.#private.checked = sealed !== undefined;
    this.#secret.hidden = sealed === undefined || follows !== undefined;
    this.#passphrase.value = sealed?.passphrase ?? "";
    this.#setFiles(files);
    this.#write();
    this.#changed();
  }

  /** Puts in something to begin with. */
  #start(): void {
    const body = (words.bodies as Record<string, string>)[this.#template.value];
    if (body === undefined) return;
    this.#kind.value = "markdown";
    this.#area.value = this.#draft.replace(body);
    this.#template.selectedIndex = 0;
    this.#changed();
    this.#area.focus();
    this.#area.select();
  }

  #preview(): void {
    if (this.#area.hidden) return this.#write();
    this.#area.hidden = true;
    this.#area.before(this.#shown.element);
    this.#look.textContent = words.write;
    this.#shown.show(this.#kind.value as "html" | "markdown", this.#draft.exact(this.#area.value), this.#chosen);
  }

  #write(): void {
    if (this.#hidePreview()) this.#area.focus();
  }

  /** False if none is shown. */
  #hidePreview(): boolean {
    if (!this.#area.hidden) return false;
    this.#area.hidden = false;
    this.#look.textContent = words.preview;
    this.#shown.clear();
    this.#shown.element.remove();
    return true;
  }

  #make(): void {
    if (this.#create.disabled) return;
    const text = this.#draft.exact(this.#area.value);
    const files = this.#chosen;
    const bytes = new TextEncoder().encode(text).length;
    if (bytes === 0 && files.length === 0) return this.#refuse(words.empty);
    if (bytes > this.#maxBlob) return this.#refuse(words.tooLarge(bytes, this.#maxBlob));
    say(this.#trouble, "");
    this.#create.disabled = true;
    const kind = bytes === 0 ? "files" : (this.#kind.value as WrittenKind);
    const sealed = this.#private.checked ? { passphrase: this.#passphrase.value } : undefined;
    // A page in a moment, and kept as one.
    clearTimeout(this.#keeping);
    this.actions.keep({ text: (this.#kept = ""), kind: "html" });
    this.actions.create({ kind, text, files, entry: this.#isSite ? siteEntry(files) : undefined, sealed, editable: this.#editable.checked, follows: this.#follows });
  }

  #refuse(why: string): void {
    this.#write();
    say(this.#trouble, why);
    this.#area.focus();
  }

  #changed(): void {
    this.#keepSoon();
    say(this.#trouble, "");
    say(this.#hint, this.#draft.keepsLineEnds(this.#area.value) ? words.lineEnds : "");
    const empty = this.#area.value === "" && this.#chosen.length === 0;
    this.#templates.hidden = !empty || this.#follows !== undefined;
    this.#look.hidden = this.#area.value === "" || this.#kind.value === "text";
    if (this.#look.hidden) this.#write();
    this.#sayFate();
  }

  /** How much it is and what becomes of it. Its place is there from the start: nothing jumps at the first letter. */
  #sayFate(): void {
    const text = this.#draft.exact(this.#area.value);
    const said = (text === "" && this.#chosen.length === 0) || this.#follows !== undefined ? "" : `${words.measure(new TextEncoder().encode(text).length, this.#maxBlob)}. ${words.fate(this.#private.checked)}`;
    this.#fate.textContent = said || "\u00a0";
  }

  #keepSoon(): void {
    clearTimeout(this.#keeping);
    this.#keeping = setTimeout(() => {
      // What is being changed is a page that is kept already.
      const draft = { text: this.#follows === undefined ? this.#draft.exact(this.#area.value) : "", kind: this.#kind.value as WrittenKind };
      const now = draft.text && draft.kind + draft.text;
      if (now !== this.#kept) this.actions.keep(draft);
      this.#kept = now;
    }, keepAfter);
  }
  #keeping: ReturnType<typeof setTimeout> | undefined;
  #kept = "";

  #insert(text: string): void {
    const end = this.#area.selectionEnd;
    const after = this.#area.value.length - end;
    this.#area.value = this.#draft.insert(this.#area.value, this.#area.selectionStart, end, text);
    this.#area.selectionStart = this.#area.selectionEnd = this.#area.value.length - after;
    this.#changed();
  }

  // ---- files ----------------------------------------------------------------------------------------------------

  /** A single text file on an empty desk is what somebody wrote elsewhere; everything else goes along as files. */
  async #take(files: NewFile[]): Promise<void> {
    const [first] = files;
    const kind = files.length === 1 && this.#area.value === "" && this.#chosen.length === 0 ? kindOf(first!.name) : undefined;
    const text = kind && first!.file.size <= this.#maxBlob ? await textOf(first!.file) : undefined;
    if (text === undefined) return this.#add(files);
    this.#kind.value = kind!;
    this.#area.value = this.#draft.replace(text);
    this.#changed();
  }

  #add(files: NewFile[]): void {
    try {
      this.#setFiles(together(this.#chosen, files));
      this.#changed();
    } catch (error) {
      this.#cannot(error);
    }
  }

  #cannot(error: unknown): void {
    if (!(error instanceof CannotTake)) throw error;
    this.#refuse(error.message);
  }

  #setFiles(files: NewFile[]): void {
    this.#chosen = files;
    this.#files.hidden = files.length === 0;
    const remove = (which: NewFile): void => {
      this.#setFiles(this.#chosen.filter((file) => file !== which));
      (this.#files.querySelector("button") ?? this.#area).focus();
    };
    const row = (file: NewFile): HTMLElement => h("li", {}, h("bdi", {}, visible(file.name)), h("small", {}, size(file.file.size)),
      h("button", { type: "button", class: "quiet", "aria-label": words.removeNamed(visible(file.name)), onclick: () => remove(file) }, words.remove));
    const head = h("div", { class: "row" }, h("h2", {}, words.files(files.length, bytesIn(files.map(({ file }) => file)))),
      h("button", { type: "button", class: "quiet", onclick: () => { this.#setFiles([]); this.#area.focus(); } }, words.removeAll));
    const list = h("ul", {}, ...files.slice(0, shownFiles).map(row));
    if (files.length > shownFiles) list.append(h("li", {}, words.more(files.length - shownFiles)));
    this.#files.replaceChildren(head, list);
    const entry = siteEntry(files);
    if (!entry) return;
    const box = h("input", { type: "checkbox", checked: this.#isSite, autocomplete: "off", onchange: () => void (this.#isSite = box.checked) });
    this.#files.append(h("label", { class: "switch" }, box, words.site, h("small", {}, words.siteHint(entry))));
  }

  #listen(): void {
    const area = this.#area;
    area.addEventListener("input", () => this.#changed());
    area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.#make();
    });
    area.addEventListener("paste", (event) => {
      const text = event.clipboardData?.getData("text/plain") ?? "";
      const files = event.clipboardData?.files.length ?? 0;
      // What comes with text is text: word processors put a picture of it beside it.
      if (files > 0 && text === "") {
        event.preventDefault();
        filesOf(event.clipboardData!).then((files) => this.#add(files)).catch((error) => this.#cannot(error));
      } else if (text.includes("\r")) {
        // Only what a text area would change is put in by hand: everything else keeps the browser's own undo.
        event.preventDefault();
        this.#insert(text);
      }
    });
    area.addEventListener("drop", (event) => {
      const text = event.dataTransfer?.getData("text/plain") ?? "";
      if (event.dataTransfer?.files.length || !text.includes("\r")) return;
      event.preventDefault();
      this.#insert(text);
    });
    // Anywhere in the window: a file that misses the desk by an inch would otherwise take the tab away.
    for (const type of ["dragover", "dragleave", "drop"] as const)
      window.addEventListener(type, (event) => {
        if (this.element.hidden || !event.dataTransfer?.types.includes("Files")) return;
        event.preventDefault();
        this.element.classList.toggle("dropping", type === "dragover");
        if (type === "drop") filesOf(event.dataTransfer).then((files) => this.#take(files)).catch((error) => this.#cannot(error));
      }, { signal: this.#left.signal });
  }
}

/** The file's text, and only if the text gives back exactly the file's bytes. */
async function textOf(file: Blob): Promise<string | undefined> {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer());
  } catch {
    return undefined;
  }
}
