// Certificates and keys from the files that options name.
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { UsageError } from '../../shared/config.ts';
import { messageOf } from '../../shared/errors.ts';
import type { AcsOptions } from '../config.ts';

/** PEM texts, the certificate with its chain. */
export interface CertificatePair {
  cert: string;
  key: string;
}

/** @throws UsageError naming the option */
export async function fileText(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${option}: ${path}: ${messageOf(error)}`);
  }
}

/** Lets OpenSSL check the settings. @throws UsageError naming the option */
export function checkTls(option: string, options: SecureContextOptions): void {
  try {
    createSecureContext(options);
  } catch (error) {
    const { reason } = error as { reason?: string };
    throw new UsageError(`${option}: ${reason ?? messageOf(error)}`);
  }
}

/** Pairs of --cert and --key. @throws UsageError for a file that cannot be read, or a key that does not fit */
export async function givenPairs(options: Pick<AcsOptions, 'cert' | 'key'>): Promise<CertificatePair[]> {
  return await Promise.all(
    options.cert.map(async (path, index) => {
      const keyPath = options.key[index] ?? '';
      const pair = { cert: await fileText('--cert', path), key: await fileText('--key', keyPath) };
      checkTls(`--cert ${path}, --key ${keyPath}`, pair);
      return pair;
    }),
  );
}
