import { describe, expect, it } from "vitest";
import { choose } from "../src/language";
import { languages, speak, home, size, held, waiting, type Language } from "../src/words";
import { english } from "../src/words/en";

type Tree = { [key: string]: Tree | string | ((...values: never[]) => unknown) };

/** Every text there is, with its place. Functions are called with several numbers, for which languages have several forms. */
function* texts(tree: Tree, place = ""): Generator<[string, string]> {
  for (const [key, value] of Object.entries(tree)) {
    const here = `${place}.${key}`;
    if (typeof value === "string") yield [here, value];
    else if (typeof value === "object") yield* texts(value, here);
    else for (const n of [0, 1, 2, 3, 11, 100, 1_000_000]) {
      const said = (value as (...values: unknown[]) => unknown)(...argumentsOf(here, n));
      yield* typeof said === "string" ? [[`${here}(${n})`, said] as [string, string]] : texts(said as Tree, `${here}(${n})`);
    }
  }
}

const hash = "ab".repeat(32);
function argumentsOf(place: string, n: number): unknown[] {
  if (place === ".log.status") return [{ page: hash, holders: n, waiters: n, you: "holder" }];
  if (place === ".log.error") return ["too-many", "Too many."];
  if (place === ".log.link") return ["lost", n];
  if (place === ".log.missed" || place === ".log.follows") return [hash, hash];
  if (place.startsWith(".log.") && place !== ".log.unusable") return [hash, n, n];
  if (place === ".log.unusable") return [hash, "why"];
  if (place.startsWith(".title.")) return place === ".title.held" ? [n, "a page"] : ["a page"];
  if (/\.(removeNamed|badName|unreadable|siteHint|changed|saveNamed|other|unusable|lookAt|closeNamed|notSaved|version|name|twice|file|fileSum|goTo)$/.test(place)) return ["name"];
  return [n, n, place === ".show.picture" ? "name" : n];
}

/** The same in every language: names of formats, and what has no words in it. */
const same = /^(\.home\.kinds\.(html|markdown)|\.title\.|\.page\.lights|\.show\.(pictureOf|types)|\.about\.bytesOf|\.lock\.passphraseLabel|\.home\.tooLarge|\.size|\.files\.|\.show\.files|\.show\.pictures|\.show\.folder|\.frame\.copy|\.home\.files|\.waiting\.rate|\.files\.heading|\.how\.(readers|steps)\.\d+\.[12])/;

describe("the words", () => {
  const all = Object.entries(languages) as [Language, (typeof languages)[Language]][];

  it.each(all)("%s says everything, for every number", async (language, { words }) => {
    for (const [place, text] of texts((await words())(language) as unknown as Tree)) {
      expect(text.trim(), place).not.toBe("");
      expect(text, place).not.toMatch(/undefined|NaN|\[object/);
      // A place for a number that none was put into.
      if (place.endsWith(")")) expect(text, place).not.toContain("#");
    }
  });

  it.each(all.filter(([language]) => language !== "en"))("%s is no English", async (language, { words }) => {
    const there = new Map(texts(english("en") as unknown as Tree));
    for (const [place, text] of texts((await words())(language) as unknown as Tree)) if (!same.test(place)) expect(text, place).not.toBe(there.get(place));
  });

  it("are in one language after the other, also for those who imported them before", async () => {
    await speak("de", "de-CH");
    expect(home.create).toBe("Seite erstellen");
    expect(size(1_234_567_890)).toBe("1.15 GiB");
    expect(waiting.others(1_234)).toMatch(/^1[’']234 /);
    await speak("ar", "ar");
    expect(held.with(2)).toContain("شخصان آخران");
    expect(held.with(11)).toContain("شخصًا");
    await speak("en", "en");
    expect(size(1)).toBe("1 byte");
    expect(size(12)).toBe("12 bytes");
    expect(held.with(1)).toBe("You and 1 other keep this page alive.");
  });
});

describe("the language", () => {
  it.each([
    [null, ["de-CH", "en"], "de", "de-CH"],
    [null, ["nl", "fr-CA"], "fr", "fr-CA"],
    [null, ["nl", "pt"], "en", "en"],
    [null, [], "en", "en"],
    [null, ["toString", "JA"], "ja", "JA"],
    ["es", ["de-CH", "en"], "es", "es"],
    ["de", ["en", "de-AT"], "de", "de-AT"],
    ["constructor", ["en-GB"], "en", "en-GB"],
  ])("chosen %s, wanted %s: %s", (chosen, wanted, language, locale) => expect(choose(chosen, wanted)).toEqual({ language, locale }));
});

