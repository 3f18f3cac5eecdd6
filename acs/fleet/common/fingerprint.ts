// Fingerprints: digests of inputs, of answers, of what a fault, a drift or a move rests on; with another content they differ.
import { hash } from 'node:crypto';

/** @param content as JSON @returns 12 characters of base64url */
export const digestOf = (content: unknown): string => hash('sha256', JSON.stringify(content), 'base64url').slice(0, 12);
