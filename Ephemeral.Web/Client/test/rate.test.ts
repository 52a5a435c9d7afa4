import { describe, expect, it } from "vitest";
import { Rate } from "../src/rate";

describe("the rate", () => {
  it("is that of the last seconds", () => {
    const rate = new Rate();
    for (let t = 0; t <= 10_000; t += 250) rate.add(t < 5_000 ? t : 5_000 + (t - 5_000) * 4, t);
    expect(rate.perSecond(10_000)).toBe(4_000);
  });

  it("is nothing when nothing has come for a while, or never has", () => {
    const rate = new Rate();
    expect(rate.perSecond(0)).toBe(0);
    rate.add(0, 0);
    rate.add(1_000, 1_000);
    expect(rate.perSecond(1_000)).toBe(1_000);
    rate.add(1_000, 9_000);
    expect(rate.perSecond(9_000)).toBe(0);
  });

  it("begins again when the bytes begin again", () => {
    const rate = new Rate();
    rate.add(9_000, 0);
    rate.add(100, 1_000);
    rate.add(600, 2_000);
    expect(rate.perSecond(2_000)).toBe(500);
  });
});
