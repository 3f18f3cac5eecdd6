// Nonces of a digest server: issued without state, checked against age and replay (RFC 7616 5.12).
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock, Random } from '../clock.ts';

/** 32 characters: some clients keep no more of a nonce. */
const NONCE_BYTES = 24;
/** Time (6) and random bytes (6); the seal has the other 96 bits. */
const HEAD_BYTES = 12;

/** Nonces of time, random bytes and an HMAC over both, the realm and the binding: any process with the key accepts them. */
export class Nonces {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #key: Buffer;
  readonly #realm: string;
  readonly #lifetimeMs: number;

  constructor(parts: { clock: Clock; random: Random; key: Buffer; realm: string; lifetimeMs: number }) {
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#key = parts.key;
    this.#realm = parts.realm;
    this.#lifetimeMs = parts.lifetimeMs;
  }

  issue(binding: string): string {
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUIntBE(Math.max(0, Math.floor(this.#clock.now())), 0, 6);
    this.#random.bytes(HEAD_BYTES - 6).copy(head, 6);
    return Buffer.concat([head, this.#seal(head, binding)]).toString('base64url');
  }

  /** The time of issue, in milliseconds; undefined when the nonce is not ours, not for this binding, or expired. */
  issuedAt(nonce: string, binding: string): number | undefined {
    const bytes = Buffer.from(nonce, 'base64url');
    if (bytes.length !== NONCE_BYTES || bytes.toString('base64url') !== nonce) return undefined;
    const head = bytes.subarray(0, HEAD_BYTES);
    if (!timingSafeEqual(this.#seal(head, binding), bytes.subarray(HEAD_BYTES))) return undefined;
    const issued = head.readUIntBE(0, 6);
    const now = this.#clock.now();
    return now - issued > this.#lifetimeMs || issued > now + this.#lifetimeMs ? undefined : issued;
  }

  #seal(head: Buffer, binding: string): Buffer {
    return createHmac('sha256', this.#key)
      .update(head)
      .update(`${this.#realm}\0${binding}`)
      .digest()
      .subarray(0, NONCE_BYTES - HEAD_BYTES);
  }
}

/** Remembers the highest nonce count of each nonce in use. Bounded: a forgotten nonce is refused as stale from then on. */
export class ReplayMemory {
  readonly #limit: number;
  readonly #lifetimeMs: number;
  readonly #seen = new Map<string, { issued: number; count: number }>();
  /** Nonces issued up to this time, and not remembered, may have been used. */
  #forgotten = Number.NEGATIVE_INFINITY;

  constructor(limit: number, lifetimeMs: number) {
    this.#limit = limit;
    this.#lifetimeMs = lifetimeMs;
  }

  /** Notes one use; a `count` of Infinity means that the nonce is valid once. */
  use(nonce: string, issued: number, count: number, now: number): 'new' | 'replay' | 'forgotten' {
    const entry = this.#seen.get(nonce);
    if (entry) {
      if (count <= entry.count) return 'replay';
      entry.count = count;
      return 'new';
    }
    if (issued <= this.#forgotten) return 'forgotten';
    this.#makeRoom(now);
    this.#seen.set(nonce, { issued, count });
    return 'new';
  }

  #makeRoom(now: number): void {
    for (const [nonce, { issued }] of this.#seen) {
      const dead = issued + this.#lifetimeMs < now;
      if (!dead && this.#seen.size < this.#limit) break;
      if (!dead) this.#forgotten = Math.max(this.#forgotten, issued);
      this.#seen.delete(nonce);
    }
  }
}
