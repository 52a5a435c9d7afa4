import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { History, News } from "../src/history";
import { iconOf } from "../src/icon";
import { phraseOf } from "../src/phrase";

describe("the past of a page", () => {
  it("is a line of steps from the left to the right, as high as the most", () => {
    const past = new History();
    expect(past.line(100, 10, 5)).toEqual([]);
    past.add(1, 0);
    past.add(1, 40);
    past.add(4, 50);
    past.add(2, 75);
    expect(past.line(100, 20, 100)).toEqual([[0, 15], [50, 15], [50, 0], [75, 0], [75, 10], [100, 10]]);
  });

  it("never takes more memory than a line needs, and keeps its peaks, and never leaves its box", () => {
    fc.assert(fc.property(fc.array(fc.nat(10_000), { maxLength: 3_000 }), (counts) => {
      const past = new History();
      counts.forEach((count, i) => past.add(count, i));
      expect(past.marks.length).toBeLessThanOrEqual(400);
      expect(Math.max(0, ...past.marks.map(({ count }) => count))).toBe(Math.max(0, ...counts));
      for (const [x, y] of past.line(160, 28, counts.length + 1)) {
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x).toBeLessThanOrEqual(160);
        expect(y).toBeGreaterThanOrEqual(0);
        expect(y).toBeLessThanOrEqual(28);
      }
    }), { numRuns: 30 });
  });
});

describe("the news of a page", () => {
  it("is one piece for all who come within a moment", () => {
    const news = new News(1_000);
    expect(news.take(1, 0)).toBe(0);
    expect(news.take(2, 100)).toBe(0);
    expect(news.take(5, 600)).toBe(0);
    expect(news.take(5, 1_100)).toBe(4);
    expect(news.take(5, 5_000)).toBe(0);
    expect(news.take(3, 5_100)).toBe(0);
    expect(news.take(3, 6_100)).toBe(-2);
  });

  it("is none for who comes and goes at once, nor after a line that was lost", () => {
    const news = new News(1_000);
    news.take(2, 0);
    news.take(3, 10);
    expect(news.take(2, 1_200)).toBe(0);
    expect(news.take(undefined, 2_000)).toBe(0);
    expect(news.take(9, 3_000)).toBe(0);
    expect(news.take(9, 9_000)).toBe(0);
  });
});

describe("the tab's icon", () => {
  it.each([["held", 2, ">2<"], ["held", 99, ">99<"], ["held", 5_000, ">99+<"], ["alone", 1, "<circle"], ["settling", undefined, "#ffc46b"], ["nobody", 0, "#8f867c"], ["held-lost", 3, "#8f867c"]] as const)(
    "%s with %s", (scene, holders, has) => expect(decodeURIComponent(iconOf(scene, holders))).toContain(has));
});

describe("the four words", () => {
  it("are those of the first 44 bits", () => {
    expect(phraseOf("0".repeat(64))).toEqual(["abandon", "abandon", "abandon", "abandon"]);
    expect(phraseOf("f".repeat(64))).toEqual(["zoo", "zoo", "zoo", "zoo"]);
    // 00000000000 00000000001 00000000010 11111111111 and more that is not looked at
    expect(phraseOf("000004017ff".padEnd(64, "7"))).toEqual(["abandon", "ability", "able", "zoo"]);
  });
});
