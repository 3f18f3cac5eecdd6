// Kamailio's configurations in the lab.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Lab, peersFolder } from './peers.ts';

/**
 * Puts another TLS configuration where the lab looks for it, before Kamailio starts.
 * @param name `tls-rsa.cfg`
 * @param requiresClients asks clients for certificates and judges them, as the vendor's annex has it with `tls_verify_client = 1`
 */
export async function useTlsConfig(lab: Lab, name: string, requiresClients = false): Promise<void> {
  const read = await readFile(join(peersFolder, 'kamailio', name), 'utf8');
  const text = requiresClients ? read.replace(/_certificate = no/g, '_certificate = yes') : read;
  await mkdir(join(lab.folder, 'kamailio'), { recursive: true });
  await writeFile(join(lab.folder, 'kamailio', 'tls.cfg'), text.replaceAll('@LAB@', lab.folder));
}
