// A page's files, asked of the Worker: to be looked at, to be changed, or to be saved.
import { saveAs } from "./dom";
import type { ToHolder } from "./messages";
import { savedName } from "./names";

const savedDirectly = 64 * 1024 * 1024; // bytes

export class PageFiles {
  #next = 0;
  #asked = new Map<number, (file: Blob | "written" | undefined) => void>();

  constructor(private tell: (message: ToHolder) => void) {}

  /** Undefined if it can't be had. */
  async get(page: string, name: string): Promise<Blob | undefined> {
    const file = await this.#ask(page, name, undefined);
    return file === "written" ? undefined : file;
  }

  /** A large file goes straight to its place on the disk, where the browser lets the person choose one. */
  async save(page: string, name: string, size: number): Promise<boolean> {
    const suggestedName = savedName(name);
    let to: FileSystemFileHandle | undefined;
    if (size > savedDirectly && globalThis.showSaveFilePicker) {
      try {
        to = await showSaveFilePicker!({ suggestedName });
      } catch {
        return true; // The person thought better of it.
      }
    }
    const file = await this.#ask(page, name, to);
    if (file instanceof Blob) saveAs(file, suggestedName);
    return file !== undefined;
  }

  /** The Worker's answer. */
  heard(id: number, file: Blob | "written" | undefined): void {
    this.#asked.get(id)?.(file);
    this.#asked.delete(id);
  }

  #ask(page: string, name: string, to: FileSystemFileHandle | undefined): Promise<Blob | "written" | undefined> {
    const id = this.#next++;
    return new Promise((resolve) => {
      this.#asked.set(id, resolve);
      this.tell({ type: "file", id, page, name, to });
    });
  }
}
