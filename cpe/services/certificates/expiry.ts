// The dates of installed certificates: a notice before one expires, when it has, and while it is not valid yet.
import type { X509Certificate } from 'node:crypto';
import { describe } from '../../../shared/pki/certificates.ts';
import type { Notify } from '../../notifications.ts';
import { showTime } from '../service.ts';

export interface Dated {
  name: string;
  certificate: X509Certificate;
}

const DAY = 86_400_000;
/** Time before the expiry at which the notice is due; our choice. */
export const NOTICE = 30 * DAY;
/** Longest wait of one timer. */
const LONGEST = 20 * DAY;

const texts = {
  early: 'certificateNotYetValid',
  expiring: 'certificateExpiring',
  expired: 'certificateExpired',
} as const;
type Phase = keyof typeof texts | 'valid';

/** @returns the phase of a certificate at a time, and when the next one begins */
export function phaseOf(certificate: X509Certificate, now: number): { phase: Phase; next: number | undefined } {
  const { notBefore, notAfter } = describe(certificate);
  if (now > notAfter) return { phase: 'expired', next: undefined };
  if (now < notBefore) return { phase: 'early', next: notBefore };
  // Both ends of the validity are part of it (RFC 5280 4.1.2.5).
  if (now >= notAfter - NOTICE) return { phase: 'expiring', next: notAfter + 1 };
  return { phase: 'valid', next: notAfter - NOTICE };
}

/**
 * Reports each certificate whose phase is another one than was reported last.
 * @param reported phases by certificate; changed
 * @param show the time of a date in a notice; UTC by default
 * @returns milliseconds until the dates must be looked at again; undefined: never
 */
export function noteDates(
  dated: readonly Dated[],
  now: number,
  reported: Map<string, string>,
  notify: Notify,
  show: (instant: number) => string = showTime,
): number | undefined {
  const phases = new Map<string, string>();
  let next: number | undefined;
  for (const { name, certificate } of dated) {
    const key = `${name} ${certificate.fingerprint256}`;
    const found = phaseOf(certificate, now);
    phases.set(key, found.phase);
    if (found.next !== undefined) next = Math.min(next ?? found.next, found.next);
    if (found.phase === 'valid' || reported.get(key) === found.phase) continue;
    const { notBefore, notAfter } = describe(certificate);
    notify(texts[found.phase], { name, date: show(found.phase === 'early' ? notBefore : notAfter) });
  }
  reported.clear();
  for (const [key, phase] of phases) reported.set(key, phase);
  return next === undefined ? undefined : Math.min(Math.max(next - now, 1), LONGEST);
}
