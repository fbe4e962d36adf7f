// The hashes of passwords that are stored or imported, and the bounds of their parameters, which a verification obeys.

/** The parameters of new hashes: memory in KiB and passes, as OWASP recommends for argon2id. */
export const ARGON2 = { memoryCost: 19456, timeCost: 2 } as const;

/** KiB. Verifying takes this much memory while it runs. */
const MOST_MEMORY = 131_072;
/** KiB times passes, which processor time is proportional to: ten times that of a new hash. */
const MOST_WORK = 393_216;
const MOST_LANES = 16;
/** Each step doubles the processor time; 12 takes about five times that of a new argon2id hash. */
const MOST_ROUNDS = 13;
/** Below these, Bun refuses to verify. */
const LEAST_MEMORY_PER_LANE = 8;

const ARGON =
  /^\$argon2(?:id|i)\$v=19\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,3})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{16,86}$/;
const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;

/** @returns why this hash cannot be stored; `undefined` when it can be verified within the bounds */
export function hashFault(hash: string): string | undefined {
  const bcrypt = BCRYPT.exec(hash);
  if (bcrypt) {
    const cost = Number(bcrypt[1]);
    return cost >= 4 && cost <= MOST_ROUNDS
      ? undefined
      : `The cost ${cost} of the bcrypt hash is not between 4 and ${MOST_ROUNDS}.`;
  }
  const argon = ARGON.exec(hash);
  if (!argon) return "The hash is neither bcrypt, argon2id nor argon2i.";
  const [memory = 0, passes = 0, lanes = 0] = argon.slice(1, 4).map(Number);
  if (lanes < 1 || lanes > MOST_LANES) return `p=${lanes} of the hash is not between 1 and ${MOST_LANES}.`;
  if (memory < LEAST_MEMORY_PER_LANE * lanes || memory > MOST_MEMORY)
    return `m=${memory} of the hash is not between ${LEAST_MEMORY_PER_LANE * lanes} and ${MOST_MEMORY} KiB.`;
  if (passes < 1 || memory * passes > MOST_WORK)
    return `t=${passes} of the hash is not between 1 and ${Math.floor(MOST_WORK / memory)} for m=${memory}.`;
  return undefined;
}

/** Whether a hash was made with other parameters than new ones are: replace it after the next right password. */
export function isOutdated(hash: string): boolean {
  return !hash.startsWith(`$argon2id$v=19$m=${ARGON2.memoryCost},t=${ARGON2.timeCost},p=1$`);
}

/** A hash of no known password, to verify for an account that does not exist: it takes as long as a real one. */
export function dummyHash(): string {
  const random = (): string => crypto.getRandomValues(new Uint8Array(32)).toBase64({ omitPadding: true });
  return `$argon2id$v=19$m=${ARGON2.memoryCost},t=${ARGON2.timeCost},p=1$${random()}$${random()}`;
}
