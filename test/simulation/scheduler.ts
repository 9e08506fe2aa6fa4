/**
 * Virtual time: events in the order of their time, then of their making. After each event every promise that can go on
 * goes on, to the end, before the next one comes; so a run depends on nothing but what the events do.
 *
 * Why that is to the end: Node runs an immediate only when no microtask is left, and nothing in a simulation waits for
 * anything but promises and events.
 */

interface Event {
  readonly at: number;
  readonly sequence: number;
  call: (() => void) | undefined;
}

export class Scheduler {
  /** Milliseconds since the simulation began. */
  now = 0;
  events = 0;
  readonly #heap: Event[] = [];
  readonly #afterEach: () => void;
  #made = 0;

  /** @param afterEach called after each event, once nothing more can go on by itself; what it throws ends `run` */
  constructor(afterEach: () => void) {
    this.#afterEach = afterEach;
  }

  /** Calls once after so many milliseconds, unless disposed before. */
  after(milliseconds: number, call: () => void): Disposable {
    const event: Event = { at: this.now + Math.max(0, milliseconds), sequence: this.#made++, call };
    this.#push(event);
    return {
      [Symbol.dispose]: () => {
        event.call = undefined;
      },
    };
  }

  /** Runs events until `done`, or until virtual time is over. @returns whether it is done */
  run(done: () => boolean, milliseconds: number): Promise<boolean> {
    const end = this.now + milliseconds;
    return new Promise((resolve, reject) => {
      const step = () => {
        try {
          this.#afterEach();
          if (done()) return resolve(true);
          const event = this.#pop(end);
          if (!event) {
            this.now = end;
            return resolve(false);
          }
          this.now = event.at;
          this.events += 1;
          event.call?.();
        } catch (error) {
          return reject(error);
        }
        setImmediate(step);
      };
      setImmediate(step);
    });
  }

  /** The next event that is not disposed. */
  #pop(end: number): Event | undefined {
    for (;;) {
      const [first] = this.#heap;
      if (!first || first.at > end) return undefined;
      const last = this.#heap.pop();
      if (last && last !== first) {
        this.#heap[0] = last;
        this.#sink();
      }
      if (first.call) return first;
    }
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      const above = heap[parent];
      if (!above || isBefore(above, event)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = event;
  }

  /** Brings the first event down to its place. */
  #sink(): void {
    const heap = this.#heap;
    const [event] = heap;
    if (!event) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      const [left, right] = [heap[child], heap[child + 1]];
      if (!left) break;
      if (right && isBefore(right, left)) child += 1;
      const least = heap[child];
      if (!least || isBefore(event, least)) break;
      heap[index] = least;
      index = child;
    }
    heap[index] = event;
  }
}

const isBefore = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
