// The part that one upload takes from a budget that it shares with others, such as that of a drop.

export interface Allowance {
  /** Reserves room for a file of this length. @throws Problem when there is none */
  cover(length: number): void;
  /** Spends the bytes of a file that is about to be published. Calling it again has no effect. @throws Problem when they do not fit */
  spend(size: number): Promise<void>;
  /** The file was published: what was spent stays spent. */
  settle(): void;
  /** Gives back everything unless the file was published. Calling it again has no effect. */
  release(): void;
}
