// What is said to those who don't see the screen. Each change of scene is said; the number of holders only now and then, or a
// crowd would never let it rest.
import { h, say } from "./dom";
import type { Scene } from "./scene";
import { said } from "./words";

const countEvery = 5_000; // ms

export class Announcer {
  readonly element = h("p", { class: "unseen", role: "status", "aria-live": "polite" });
  #scene = "";
  #countSaidAt = 0;

  say(text: string): void {
    say(this.element, text);
  }

  scene(page: string, scene: Scene, holders: number | undefined): void {
    const now = `${page} ${scene}`;
    if (now !== this.#scene) {
      this.#scene = now;
      this.#countSaidAt = Date.now(); // a number right after it would take its place before it is heard
      this.say(said[scene]);
    } else if (scene === "held" && holders !== undefined && Date.now() - this.#countSaidAt > countEvery) {
      this.#countSaidAt = Date.now();
      this.say(said.viewing(holders));
    }
  }
}
