// The tab's icon: the flame as the page is, with the number of its holders.
import { shape } from "./dom";
import type { Scene } from "./scene";

/** Bright enough for a light row of tabs and a dark one. */
const lit = { outer: "#e2531f", inner: "#ffc46b" };
const out = { outer: "#8f867c", inner: "#b9b0a3" };

/** An address of the icon, which asks nobody for anything. */
export function iconOf(scene: Scene, holders: number | undefined): string {
  const burns = scene === "held" || scene === "alone" || scene === "settling";
  const { outer: around, inner: within } = burns ? lit : out;
  const flame = `<path fill="${around}" d="${shape.outer}"/><path fill="${within}" d="${shape.inner}"/>`;
  return `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">${flame}${burns ? badge(holders) : ""}</svg>`)}`;
}

/** One: a ring that warns. More: how many, as far as there is room for it. */
function badge(holders: number | undefined): string {
  if (holders === undefined || holders === 0) return "";
  if (holders === 1) return `<circle cx="18.5" cy="18.5" r="4" fill="none" stroke="#fff" stroke-width="4"/><circle cx="18.5" cy="18.5" r="4" fill="#fff" stroke="#b3261e" stroke-width="2.5"/>`;
  const text = holders > 99 ? "99+" : String(holders);
  const width = 6 + 4.5 * text.length;
  return (
    `<rect x="${24 - width}" y="12.5" width="${width}" height="11.5" rx="3.5" fill="#1c1a17" stroke="#fff" stroke-width="1"/>` +
    `<text x="${24 - width / 2}" y="21.4" font-family="sans-serif" font-weight="700" font-size="8.5" text-anchor="middle" fill="#fff">${text}</text>`
  );
}
