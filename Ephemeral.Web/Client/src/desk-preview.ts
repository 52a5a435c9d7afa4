// What is being written, as others will see it: in the same box that a stranger's page is shown in.
import { Guest } from "./frame";
import type { DraftState, NewFile } from "./messages";
import { show as words } from "./words";
import markdownCode from "./view/markdown?worker&url";
import siteCode from "./view/site?worker&url";

export class DeskPreview {
  #guest = new Guest(() => undefined);
  readonly element = this.#guest.element;

  show(kind: DraftState["kind"], text: string, files: readonly NewFile[]): void {
    const making = {
      code: kind === "markdown" ? markdownCode : siteCode,
      name: "", root: "",
      files: files.map(({ name, type }) => ({ name, type })),
      file: async (name: string) => files.find((file) => file.name === name)?.file,
      // Nothing is opened out of a preview.
      follow: () => true,
    };
    if (kind === "markdown") this.#guest.show({ text, said: words.markdownOwn, making }, true);
    else this.#guest.show(files.length > 0 ? { text, making } : { text }, true);
  }

  clear(): void {
    this.#guest.clear();
  }

  leave(): void {
    this.#guest.leave();
  }
}
