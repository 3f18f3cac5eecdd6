// Kamailio's configurations in the lab.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Lab, peersFolder } from './peers.ts';

/** Puts another TLS configuration where the lab looks for it, before Kamailio starts. @param name `tls-rsa.cfg` */
export async function useTlsConfig(lab: Lab, name: string): Promise<void> {
  const text = await readFile(join(peersFolder, 'kamailio', name), 'utf8');
  await mkdir(join(lab.folder, 'kamailio'), { recursive: true });
  await writeFile(join(lab.folder, 'kamailio', 'tls.cfg'), text.replaceAll('@LAB@', lab.folder));
}
