// The desk: what is written and chosen here is the page.
import { CannotTake, chosenFiles, kindOf, namedFiles } from "./chosen";
import { DeskFiles } from "./desk-files";
import { takeIn } from "./desk-intake";
import { DeskOptions } from "./desk-options";
import { DeskPreview } from "./desk-preview";
import { h, say } from "./dom";
import { Draft } from "./draft";
import type { DraftState, NewFile, NewPage } from "./messages";
import { home as words, make } from "./words";

export interface DeskActions {
  create(page: NewPage): void;
  stopMaking(): void;
  /** Keeps what is being written over a reload of the tab. */
  keep(draft: DraftState): void;
}

/** What somebody has written and chosen and not made a page of yet. */
export interface Written {
  text: string;
  kind: DraftState["kind"];
  files: readonly NewFile[];
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

const keepAfter = 600; // ms without another letter

export class Desk {
  // Without "off" browsers write what is typed to the disk, to fill it in again when a session is restored.
  #area = h("textarea", { id: "content", placeholder: words.placeholder, autocomplete: "off", rows: 12, "aria-describedby": "trouble hint" });
  #trouble = h("p", { id: "trouble", class: "trouble", role: "alert", hidden: true });
  #hint = h("p", { id: "hint", class: "hint", hidden: true });
  #create = h("button", { type: "button", class: "primary big", onclick: () => this.#make() }, words.create);
  #options = new DeskOptions(() => this.#changed());
  #files = new DeskFiles(() => this.#changed(), this.#area);
  #making = h("div", { class: "making", role: "group", hidden: true });
  #makingText = h("p", {});
  #makingBar = h("progress", { max: 1, value: 0, "aria-label": words.create });
  #template = h("select", { id: "template", autocomplete: "off" }, ...Object.entries(words.templates).map(([name, said]) => h("option", { value: name }, said)));
  #templates = h("span", { class: "templates" }, h("label", { htmlFor: "template" }, words.template), this.#template);
  #look = h("button", { type: "button", hidden: true, onclick: () => this.#preview() }, words.preview);
  #fate = h("p", { class: "hint fate" });
  #editing = h("div", { class: "editing", role: "group", hidden: true }, h("p", {}, words.editing), h("button", { type: "button", class: "quiet", onclick: () => this.#cancel() }, words.cancel));
  #shown = new DeskPreview();
  readonly element: HTMLElement;

  #maxBlob = 1_048_576;
  #draft = new Draft();
  #left = new AbortController();
  #follows: string | undefined;
  /** What was on the desk when a page was taken up to be changed. */
  #stash: Written | undefined;
  #keeping: ReturnType<typeof setTimeout> | undefined;
  #kept = "";

  constructor(private actions: DeskActions, written?: Written) {
    this.#making.append(this.#makingText, this.#makingBar, h("button", { type: "button", onclick: () => actions.stopMaking() }, make.stop));
    const options = h("div", { class: "options" },
      ...this.#options.kindChoice, ...this.#chooser("add-files", words.addFiles, false), ...this.#chooser("add-folder", words.addFolder, true),
      ...this.#options.switches);
    this.element = h("div", { class: "desk", "data-drop": words.dropHere }, this.#editing, h("label", { htmlFor: "content", class: "unseen" }, words.label), this.#area, this.#files.element, this.#trouble,
      h("div", { class: "row" }, this.#create, this.#look, this.#templates, options), this.#fate, this.#hint, this.#options.secret, this.#making);
    this.#listen();
    if (written) this.#put(written);
    else this.#changed();
  }

  /** This desk is not used any more; another goes on with what was written. */
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

  /** What was being written before a reload comes back to an empty desk. */
  goOn({ text, kind }: DraftState): void {
    if (!this.#isEmpty) return;
    this.#options.kind = kind;
    this.#area.value = this.#draft.replace(text);
    this.#changed();
  }

  /** Puts in what another program has shared. */
  take({ text, files }: Shared): void {
    if (text !== "") {
      this.#area.value = this.#draft.replace(text);
      this.#options.kind = "text";
    }
    this.#add(namedFiles(files));
    this.#changed();
  }

  limit(maxBlob: number): void {
    this.#maxBlob = maxBlob;
    this.#sayFate();
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
    this.#put({ ...this.#written, text: "", files: [], sealed: this.#options.sealed && { passphrase: "" }, follows: undefined });
  }

  focus(): void {
    this.#write();
    this.#area.focus();
  }

  get #written(): Written {
    return {
      text: this.#draft.exact(this.#area.value), kind: this.#options.kind, files: this.#files.all, isSite: this.#files.isSite,
      sealed: this.#options.sealed, editable: this.#options.editable, follows: this.#follows,
    };
  }

  get #isEmpty(): boolean {
    return this.#area.value === "" && this.#files.all.length === 0;
  }

  #put({ text, kind, files, isSite, sealed, editable, follows }: Written): void {
    this.#follows = follows;
    this.#editing.hidden = follows === undefined;
    this.#create.textContent = follows === undefined ? words.create : words.publish;
    this.#area.value = this.#draft.replace(text);
    this.#options.kind = kind;
    this.#options.put(sealed, editable, follows !== undefined);
    this.#files.isSite = isSite;
    this.#files.set(files);
    this.#write();
    this.#changed();
  }

  #cancel(): void {
    if (this.#stash) this.#put(this.#stash);
    this.#stash = undefined;
    this.#area.focus();
  }

  // ---- what is written ----------------------------------------------------------------------------------------

  /** Puts in something to begin with. */
  #begin(): void {
    const body = (words.bodies as Record<string, string>)[this.#template.value];
    if (body === undefined) return;
    this.#options.kind = "markdown";
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
    this.#shown.show(this.#options.kind, this.#draft.exact(this.#area.value), this.#files.all);
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
    const { text, kind, files, sealed, editable, follows } = this.#written;
    const bytes = new TextEncoder().encode(text).length;
    if (bytes === 0 && files.length === 0) return this.#refuse(words.empty);
    if (bytes > this.#maxBlob) return this.#refuse(words.tooLarge(bytes, this.#maxBlob));
    say(this.#trouble, "");
    this.#create.disabled = true;
    // A page in a moment, and kept as one.
    clearTimeout(this.#keeping);
    this.actions.keep({ text: (this.#kept = ""), kind: "html" });
    this.actions.create({ kind: bytes === 0 ? "files" : kind, text, files: [...files], entry: this.#files.entry, sealed, editable, follows });
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
    this.#templates.hidden = !this.#isEmpty || this.#follows !== undefined;
    this.#look.hidden = this.#area.value === "" || this.#options.kind === "text";
    if (this.#look.hidden) this.#write();
    this.#sayFate();
  }

  /** How much it is and what becomes of it. Its place is there from the start: nothing jumps at the first letter. */
  #sayFate(): void {
    const bytes = new TextEncoder().encode(this.#draft.exact(this.#area.value)).length;
    const measured = bytes > 0 ? `${words.measure(bytes, this.#maxBlob)}. ` : "";
    this.#fate.textContent = this.#isEmpty || this.#follows !== undefined ? "\u00a0" : measured + words.fate(this.#options.sealed !== undefined);
  }

  #keepSoon(): void {
    clearTimeout(this.#keeping);
    this.#keeping = setTimeout(() => {
      // What is being changed is a page that is kept already.
      const draft = { text: this.#follows === undefined ? this.#draft.exact(this.#area.value) : "", kind: this.#options.kind };
      const now = draft.text && draft.kind + draft.text;
      if (now !== this.#kept) this.actions.keep(draft);
      this.#kept = now;
    }, keepAfter);
  }

  // ---- what is put in -----------------------------------------------------------------------------------------

  #listen(): void {
    const area = this.#area;
    this.#template.addEventListener("change", () => this.#begin());
    area.addEventListener("input", () => this.#changed());
    area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.#make();
    });
    takeIn({
      area, element: this.element, signal: this.#left.signal,
      insert: (text) => this.#insert(text),
      pasted: (files) => this.#add(files),
      dropped: (files) => void this.#takeOne(files),
      cannot: (error) => this.#cannot(error),
    });
  }

  #chooser(id: string, label: string, folder: boolean): HTMLElement[] {
    const input = h("input", { type: "file", class: "unseen", id, multiple: true, webkitdirectory: folder, onchange: () => {
      const files = chosenFiles(input);
      input.value = "";
      this.#add(files);
    } });
    return [input, h("label", { class: "button", htmlFor: id }, label)];
  }

  #insert(text: string): void {
    const end = this.#area.selectionEnd;
    const after = this.#area.value.length - end;
    this.#area.value = this.#draft.insert(this.#area.value, this.#area.selectionStart, end, text);
    this.#area.selectionStart = this.#area.selectionEnd = this.#area.value.length - after;
    this.#changed();
  }

  /** A single text file on an empty desk is what somebody wrote elsewhere; everything else goes along as files. */
  async #takeOne(files: NewFile[]): Promise<void> {
    const [first] = files;
    const kind = files.length === 1 && this.#isEmpty ? kindOf(first!.name) : undefined;
    const text = kind && first!.file.size <= this.#maxBlob ? await textOf(first!.file) : undefined;
    if (text === undefined) return this.#add(files);
    this.#options.kind = kind!;
    this.#area.value = this.#draft.replace(text);
    this.#changed();
  }

  #add(files: readonly NewFile[]): void {
    try {
      this.#files.add(files);
      this.#changed();
    } catch (error) {
      this.#cannot(error);
    }
  }

  #cannot(error: unknown): void {
    if (!(error instanceof CannotTake)) throw error;
    this.#refuse(error.message);
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
