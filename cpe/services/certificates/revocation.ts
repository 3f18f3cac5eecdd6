// The unit asks OCSP responders: by plain HTTP, within bounds, and remembers their answers while it is up.
import type { X509Certificate } from 'node:crypto';
import { createHttp } from '../../../shared/net/http.ts';
import type { OcspAnswer } from '../../../shared/pki/ocsp.ts';
import type { Revocation } from '../../../shared/tls/revocation.ts';
import { slotOf, type Unit } from '../service.ts';

/** Milliseconds that one responder may take. */
const PATIENCE = 5000;
const MAX_ANSWER = 65_536;

/** The slot of the answers. */
const slot = {};

async function ask(unit: Unit, url: string, request: Buffer): Promise<Buffer> {
  const http = createHttp({ clock: unit.clock, localAddress: unit.address });
  const stop = new AbortController();
  // The client bounds each silence; this bounds the whole.
  const timer = unit.clock.after(PATIENCE, () => stop.abort(new Error(`no answer within ${PATIENCE} ms`)));
  try {
    const { status, body } = await http.send({
      method: 'POST',
      url,
      headers: { 'Content-Type': 'application/ocsp-request', Accept: 'application/ocsp-response' },
      body: request,
      timeoutMs: PATIENCE,
      maxBytes: MAX_ANSWER,
      signal: stop.signal,
    });
    if (status !== 200) throw new Error(`the responder answers ${status}`);
    return body;
  } finally {
    timer.cancel();
    await http.close();
  }
}

/** @param files installed authorities by file: a row of Cert.CertificateAuthorities may set the responder of theirs */
export function revocationFor(
  unit: Unit,
  level: Revocation['level'],
  files: ReadonlyMap<string, readonly X509Certificate[]>,
): Revocation {
  const row = (name: string): string =>
    `Cert.CertificateAuthorities[FileName="${name}"].OverrideIssuedCertificateOcspUrl`;
  return {
    level,
    override(issuer) {
      for (const [name, certificates] of files) {
        const url = certificates.some(({ raw }) => raw.equals(issuer.raw))
          ? unit.config.variable(row(name))
          : undefined;
        if (url) return url;
      }
      return undefined;
    },
    ask: (url, request) => ask(unit, url, request),
    nonce: () => unit.random.bytes(16),
    cache: slotOf(unit, slot, () => new Map<string, OcspAnswer>()),
    onUnknown: reason => unit.log.warn('revocation not known', { reason }),
  };
}
