// What changed from one version of a page to the next: its text, word by word or line by line, and its files.
import { diffLines, diffWordsWithSpace, type ChangeObject } from "diff";
import type { UsableDocument } from "./document";
import { h } from "./dom";
import { visible } from "./names";
import { newer as words } from "./words";

const mostForWords = 50_000; // characters
const patience = 2_000; // ms; a text that takes longer is made to
const context = 160; // characters that are shown before and after a change

export function changes(before: UsableDocument, after: UsableDocument): Node[] {
  return [...(before.text === after.text ? [h("p", { class: "hint" }, words.none)] : [textChange(before.text, after.text)]), ...fileChanges(before, after)];
}

function textChange(before: string, after: string): HTMLElement {
  const small = before.length + after.length < mostForWords;
  const parts = small ? diffWordsWithSpace(before, after, { timeout: patience }) : diffLines(before, after, { timeout: patience });
  // Where it would take too long: all of it is new.
  const shown = parts ?? [{ value: before, removed: true, added: false, count: 1 }, { value: after, removed: false, added: true, count: 1 }];
  return h("pre", { dir: "auto" }, ...shown.map((part, i) => piece(part, i === 0, i === shown.length - 1)));
}

function piece({ value, added, removed }: ChangeObject<string>, first: boolean, last: boolean): Node {
  if (added) return h("ins", {}, value);
  if (removed) return h("del", {}, value);
  const start = first ? "" : value.slice(0, context);
  const end = last ? "" : value.slice(-context);
  return document.createTextNode(start.length + end.length < value.length ? `${start} … ${end}` : value);
}

function fileChanges(before: UsableDocument, after: UsableDocument): Node[] {
  const of = ({ files }: UsableDocument): Map<string, string> => new Map(files.map(({ name, size, blobs }) => [name, `${size} ${blobs.join()}`]));
  const [old, now] = [of(before), of(after)];
  const named = (heading: string, names: string[]): Node[] =>
    names.length === 0 ? [] : [h("h3", {}, heading), h("ul", {}, ...names.map((name) => h("li", {}, h("bdi", {}, visible(name)))))];
  return [
    ...named(words.added, [...now.keys()].filter((name) => !old.has(name))),
    ...named(words.removed, [...old.keys()].filter((name) => !now.has(name))),
    ...named(words.changed, [...now.keys()].filter((name) => old.has(name) && old.get(name) !== now.get(name))),
  ];
}
