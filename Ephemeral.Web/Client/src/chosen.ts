// The files that a page is going to be made of: dropped, pasted or chosen, with the names that they will have in it.
import { isName } from "./document";
import type { NewFile } from "./messages";
import { visible } from "./names";
import { home as words } from "./words";

/** More than fit into a page's list with names of some length; a folder with more of them is not read to its end. */
const mostFiles = 5_000;

/** Said to the one who chose. */
export class CannotTake extends Error {}

/** Must be called while the drop or the paste is being handled: later the browser has nothing of it left. */
export function filesOf(transfer: DataTransfer): Promise<NewFile[]> {
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  return (async () => {
    const files: NewFile[] = [];
    for (const entry of entries)
      if (entry instanceof File) files.push(named(entry.name, entry));
      else if (entry) await collect(entry, files);
    return files;
  })();
}

/** Of a file chooser; files of a chosen folder have their path in it. */
export const chosenFiles = (input: HTMLInputElement): NewFile[] =>
  [...(input.files ?? [])].map((file) => named(file.webkitRelativePath || file.name, file));

/** Of another program: a name that can't be one of a page's files is not its fault. */
export const namedFiles = (files: readonly File[]): NewFile[] => files.map((file, i) => named(isName(file.name) ? file.name : `file ${i + 1}`, file));

/** Puts them with those that are there already; nothing of them is taken if one of them can't be. */
export function together(there: readonly NewFile[], more: readonly NewFile[]): NewFile[] {
  if (there.length + more.length > mostFiles) throw new CannotTake(words.tooMany(mostFiles));
  const all = [...there];
  const names = new Set(all.map(({ name }) => name));
  for (const file of more) {
    if (!isName(file.name)) throw new CannotTake(words.badName(visible(file.name.length > 60 ? `${file.name.slice(0, 60)}…` : file.name)));
    let name = file.name;
    for (let n = 2; names.has(name); n++) name = numbered(file.name, n);
    if (!isName(name)) throw new CannotTake(words.badName(visible(file.name)));
    names.add(name);
    all.push({ ...file, name });
  }
  return all;
}

/** What would be shown first if this is a small web site: the one index.html that lies above everything else. */
export function siteEntry(files: readonly NewFile[]): string | undefined {
  const folder = /^([^/]+\/)/.exec(files[0]?.name ?? "")?.[1] ?? "";
  const top = files.every(({ name }) => name.startsWith(folder)) ? ["", folder] : [""];
  for (const start of top)
    for (const name of ["index.html", "index.htm"]) if (files.some((file) => file.name === start + name)) return start + name;
  return undefined;
}

/** The kind that a text file's own name says it is, if it is one that can be put into the text area. */
export function kindOf(name: string): "html" | "markdown" | "text" | undefined {
  if (/\.html?$/i.test(name)) return "html";
  if (/\.(md|markdown)$/i.test(name)) return "markdown";
  return /\.te?xt$/i.test(name) ? "text" : undefined;
}

const named = (name: string, file: File): NewFile => ({ name: name.replace(/^\/+/, ""), type: file.type, file });

function numbered(name: string, n: number): string {
  const dot = name.lastIndexOf(".");
  const end = dot > name.lastIndexOf("/") + 1 ? dot : name.length;
  return `${name.slice(0, end)} (${n})${name.slice(end)}`;
}

async function collect(entry: FileSystemEntry, files: NewFile[]): Promise<void> {
  if (files.length > mostFiles) throw new CannotTake(words.tooMany(mostFiles));
  const unreadable = (): never => {
    throw new CannotTake(words.unreadable(visible(entry.name)));
  };
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)).catch(unreadable);
    files.push(named(entry.fullPath, file));
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject)).catch(unreadable);
    if (some.length === 0) return;
    for (const inside of some) await collect(inside, files);
  }
}
