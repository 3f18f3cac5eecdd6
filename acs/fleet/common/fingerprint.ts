// What a fault, a drift or a move rests on, as a short text that is another when that is another.
import { hash } from 'node:crypto';

/** 12 characters of base64url. @param content JSON */
export const digestOf = (content: unknown): string => hash('sha256', JSON.stringify(content), 'base64url').slice(0, 12);
