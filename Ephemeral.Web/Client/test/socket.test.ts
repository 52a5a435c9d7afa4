import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Link, type Line, type LinkState, type Visitor } from "../src/socket";
import { FakeSocket, begin, surroundings } from "./fakes";

const page = "ab".repeat(32);
const status = { type: "status", page, holders: 1, waiters: 0, you: "holder" };

class Someone implements Visitor {
  states: LinkState[] = [];
  waits: number[] = [];
  settledOn: Line[] = [];
  holds: string[] = [];

  introduce(line: Line): string[] {
    for (const held of this.holds) line.send({ type: "hold", page: held });
    return this.holds;
  }
  settled(line: Line): void {
    this.settledOn.push(line);
  }
  heard(): void {}
  received(): void {}
  linkChanged(state: LinkState, retryInMs: number): void {
    this.states.push(state);
    if (retryInMs > 0) this.waits.push(retryInMs);
  }
}

let someone: Someone;
let link: Link;

beforeEach(() => {
  begin();
  someone = new Someone();
  link = new Link("ws://node/ws", someone, surroundings());
  link.start();
});
afterEach(() => vi.useRealTimers());

describe("connecting", () => {
  it("speaks ephemeral.v1 and is open after the welcome, not before", () => {
    expect(FakeSocket.last.protocol).toBe("ephemeral.v1");
    expect(someone.states).toEqual(["connecting"]);
    FakeSocket.last.welcomes();
    expect(someone.states).toEqual(["connecting", "open"]);
  });

  it("tries again, later each time, and at most every ten seconds", () => {
    for (let i = 0; i < 9; i++) {
      FakeSocket.last.ends();
      vi.advanceTimersByTime(someone.waits.at(-1)!);
      expect(FakeSocket.all).toHaveLength(i + 2);
    }
    expect(someone.waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
  });

  it("says after some tries that it may never come about, and goes on", () => {
    for (let i = 0; i < 5; i++) {
      FakeSocket.last.ends();
      vi.advanceTimersByTime(10_000);
    }
    expect(someone.states.at(-1)).toBe("impossible");
    FakeSocket.last.welcomes();
    expect(someone.states.at(-1)).toBe("open");
  });

  it("gives up on a node that never says welcome", () => {
    vi.advanceTimersByTime(10_000 + 250);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it("says so where there is no WebSocket", () => {
    const none = { ...surroundings(), WebSocket: undefined as never };
    new Link("ws://node/ws", someone, none).start();
    expect(someone.states.at(-1)).toBe("impossible");
  });
});

describe("a lost connection", () => {
  beforeEach(() => void FakeSocket.last.welcomes());

  it("is opened again, and everything is said again", () => {
    someone.holds = [page];
    FakeSocket.last.ends();
    expect(someone.states.at(-1)).toBe("lost");
    vi.advanceTimersByTime(250);
    FakeSocket.last.welcomes();
    expect(FakeSocket.last.said).toEqual([{ type: "hold", page }]);
    expect(someone.states.at(-1)).toBe("open");
  });

  it("starts its back-off anew after a good time, but not after a short one", () => {
    vi.advanceTimersByTime(15_000);
    FakeSocket.last.ends();
    vi.advanceTimersByTime(250);
    FakeSocket.last.welcomes().ends();
    expect(someone.waits).toEqual([250, 500]);
  });

  it("is tried at once when the tab is seen again", () => {
    for (let i = 0; i < 6; i++) {
      FakeSocket.last.ends();
      vi.advanceTimersByTime(someone.waits.at(-1)!);
    }
    FakeSocket.last.ends();
    const before = FakeSocket.all.length;
    vi.advanceTimersByTime(2_000);
    link.nudge();
    expect(FakeSocket.all).toHaveLength(before + 1);
  });

  it.each([1008, 4001, 1009])("is left alone for a while after %i, also when the tab is seen again", (code) => {
    FakeSocket.last.ends(code);
    expect(someone.states.at(-1)).toBe("refused");
    expect(someone.waits[0]).toBeGreaterThanOrEqual(15_000);
    vi.advanceTimersByTime(5_000);
    link.nudge();
    expect(FakeSocket.all).toHaveLength(1);
    link.tryNow();
    expect(FakeSocket.all).toHaveLength(2);
  });

  it("waits longer for a node that is busy", () => {
    FakeSocket.last.ends(1013);
    expect(someone.waits[0]).toBe(7_500);
  });
});

describe("moving to another node", () => {
  let old: FakeSocket;
  beforeEach(() => {
    someone.holds = [page];
    old = FakeSocket.last.welcomes().says(status);
  });

  it("keeps the old line until the pages' status has come on the new one", () => {
    old.says({ type: "goodbye", retryAfterMs: 3_000 });
    vi.advanceTimersByTime(2_999);
    expect(FakeSocket.all).toHaveLength(1);
    vi.advanceTimersByTime(1);
    const next = FakeSocket.last.welcomes();
    expect(next.said).toEqual([{ type: "hold", page }]);
    expect(old.isOpen).toBe(true);
    next.says(status);
    expect(old.isOpen).toBe(false);
    expect(someone.states.filter((state) => state === "lost")).toEqual([]);
    link.say({ type: "release", page });
    expect(next.said.at(-1)).toEqual({ type: "release", page });
  });

  it("says on both lines what is said in between", () => {
    old.says({ type: "goodbye", retryAfterMs: 0 });
    vi.advanceTimersByTime(0);
    const next = FakeSocket.last.welcomes();
    link.say({ type: "want", page });
    expect([old.said.at(-1), next.said.at(-1)]).toEqual([{ type: "want", page }, { type: "want", page }]);
  });

  it("goes on by itself when the old line ends first", () => {
    old.says({ type: "goodbye", retryAfterMs: 0 });
    vi.advanceTimersByTime(0);
    const next = FakeSocket.last.welcomes();
    old.ends(1001);
    expect(someone.states.at(-1)).toBe("open");
    expect(link.line).toBe(someone.settledOn.at(-1));
    expect(next.isOpen).toBe(true);
  });

  it("tries again when the new line fails, and keeps the old one", () => {
    old.says({ type: "goodbye", retryAfterMs: 0 });
    vi.advanceTimersByTime(0);
    FakeSocket.last.ends();
    vi.advanceTimersByTime(250);
    expect(FakeSocket.all).toHaveLength(3);
    expect(old.isOpen).toBe(true);
    expect(someone.states.at(-1)).toBe("open");
  });
});

describe("a line that may be dead without knowing", () => {
  it("is replaced when the network is back, and let go of only then", () => {
    someone.holds = [page];
    const old = FakeSocket.last.welcomes().says(status);
    link.offline();
    expect(someone.states.at(-1)).toBe("lost");
    link.renew();
    expect(old.isOpen).toBe(true);
    FakeSocket.last.welcomes().says(status);
    expect(old.isOpen).toBe(false);
    expect(someone.states.at(-1)).toBe("open");
  });

  it("is believed again when something comes through", () => {
    FakeSocket.last.welcomes();
    link.offline();
    FakeSocket.last.says(status);
    expect(someone.states.at(-1)).toBe("open");
  });

  it("is replaced after the machine has slept", () => {
    FakeSocket.last.welcomes();
    vi.setSystemTime(Date.now() + 3_600_000);
    vi.advanceTimersByTime(10_000);
    expect(FakeSocket.all).toHaveLength(2);
  });
});
