// Expensive answers: few at a time, each shared by everyone who asked the same before it was begun.

interface Waiting<Answer> extends PromiseWithResolvers<Answer> {
  make: () => Promise<Answer>;
}

export class Sharing<Answer> {
  readonly #waiting = new Map<string, Waiting<Answer>>();
  #running = 0;

  /** @param atOnce how many are made at the same time; the others wait in the order they came */
  constructor(readonly atOnce: number) {}

  /**
   * The answer to a question, made now or a little later. One that has begun is not shared any more: whoever changed
   * something before asking must find it.
   */
  ask(question: string, make: () => Promise<Answer>): Promise<Answer> {
    const waiting = this.#waiting.get(question);
    if (waiting) return waiting.promise;
    const asked = { ...Promise.withResolvers<Answer>(), make };
    this.#waiting.set(question, asked);
    this.#begin();
    return asked.promise;
  }

  #begin(): void {
    const [first] = this.#waiting;
    if (!first || this.#running >= this.atOnce) return;
    const [question, { make, resolve, reject }] = first;
    this.#waiting.delete(question);
    this.#running += 1;
    void make()
      .then(resolve, reject)
      .finally(() => {
        this.#running -= 1;
        this.#begin();
      });
  }
}
