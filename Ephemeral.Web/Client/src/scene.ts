// What the state of a page and of the connection mean for the one who looks at it. No DOM here.
import type { PageState } from "./messages";
import type { LinkState } from "./socket";
import { held, waiting, title, type Telling } from "./words";

export type Scene =
  | "connecting" | "asking" | "nobody" | "offered" | "gathering" | "lost" | "offline" | "refused" | "impossible" | "broken"
  | "wrong" | "blocked" | "turned-away" | "unusable"
  | "settling" | "held" | "alone" | "held-lost" | "held-turned-away";

export function sceneOf(link: LinkState | "broken", state: PageState | undefined, online = true): Scene {
  if (link === "broken") return "broken";
  switch (state?.phase) {
    case "held":
      if (link !== "open") return "held-lost";
      if (state.standing !== "holder") return "settling";
      return state.holders === 1 ? "alone" : "held";
    case "wrong":
    case "blocked":
    case "unusable":
      return state.phase;
    case "turned-away":
      return state.whole ? "held-turned-away" : "turned-away";
  }
  if (link !== "open") return online || link === "refused" ? link : "offline";
  if (state?.phase === "offered") return "offered";
  if (state?.phase === "gathering") return state.holders === 0 ? "nobody" : "gathering";
  return state?.holders === 0 ? "nobody" : "asking";
}

/** Whether the reader has the page before them in this scene. */
export const isHeld = (scene: Scene): boolean =>
  scene === "settling" || scene === "held" || scene === "alone" || scene === "held-lost" || scene === "held-turned-away";

/** The sentence beside the lights, for one who holds the page. */
export function heldSentence(scene: Scene, holders: number | undefined): string {
  switch (scene) {
    case "alone":
      return held.alone;
    case "held":
      return held.with((holders ?? 1) - 1);
    case "held-lost":
      return held.lost;
    case "held-turned-away":
      return held.turnedAway;
    default:
      return held.settling;
  }
}

/** What one who doesn't have the page is told. */
export function telling(scene: Scene, state: PageState | undefined): Telling {
  switch (scene) {
    case "asking":
      return state?.holders ? waiting.asking : waiting.asked;
    case "nobody":
      return state?.phase === "gathering" ? waiting.nobodyPart : waiting.nobody;
    case "gathering":
      return waiting.gathering(state?.gotBytes ?? 0, state?.totalBytes ?? 0, state?.holders);
    case "offered":
      return state?.gotBytes ? waiting.offeredPart(state.gotBytes, state.totalBytes) : waiting.offered(state?.totalBytes ?? 0, state?.holders);
    case "unusable":
      return waiting.unusable(state?.why ?? "");
    case "turned-away":
      return waiting.turnedAway;
    case "lost":
    case "offline":
    case "refused":
    case "impossible":
    case "broken":
    case "wrong":
    case "blocked":
      return waiting[scene];
    default:
      return waiting.connecting;
  }
}

/** What the tab is called: a holder's tab says how alive the page is, also from behind other tabs. */
export function titleOf(scene: Scene, holders: number | undefined, of: string): string {
  switch (scene) {
    case "held":
    case "alone":
    case "settling":
      return title.held(holders === 0 ? undefined : holders, of);
    case "nobody":
      return title.nobody(of);
    case "held-lost":
    case "lost":
    case "offline":
      return title.lost(of);
    case "connecting":
    case "asking":
    case "offered":
    case "gathering":
      return title.waiting(of);
    default:
      return title.stuck(of);
  }
}
