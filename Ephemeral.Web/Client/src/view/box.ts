// What code of ours in the sandboxed frame is given by the frame's document (public/view.html), which runs it before anything of the page is there.
import type { Named } from "../types";
import type { pdf } from "../words";

export interface Box {
  /** The page as its author wrote it, or what stands for it. */
  text: string;
  /** Whether scripts of the author will run. */
  scripts: boolean;
  /** The file that is shown, among the files of the page, of which `root` is the folder of the site. */
  name: string;
  root: string;
  files: Named[];
  /** Further code that runs in a Worker of the frame. */
  worker: Blob | undefined;
  /** What code of ours says in there, in the reader's language. */
  words: typeof pdf;
  /** The bytes of a file of the page; undefined if it can't be had. */
  ask(name: string): Promise<Blob | undefined>;
}

export interface Viewer {
  /** The HTML that the frame becomes. */
  write(box: Box): Promise<string>;
  /** Goes on when it stands. */
  run?(box: Box): Promise<void>;
}

/** Where the frame's document finds it. */
export function setUp(viewer: Viewer): void {
  Object.assign(globalThis, { viewer });
}

/** For a frame that is shown without its author's scripts; what is parsed here loads and runs nothing. */
export const parse = (html: string): Document => new DOMParser().parseFromString(html, "text/html");

export function serialise(page: Document): string {
  const doctype = page.doctype ? new XMLSerializer().serializeToString(page.doctype) : "";
  return doctype + page.documentElement.outerHTML;
}
