// The record of a file: the body of its document (kind `file`), and the file type that TR-069 gives each kind.
import type { ContentSum } from '../../store/content-chunks.ts';

export const fileTypes = ['firmware', 'script', 'certificate', 'web', 'upload'] as const;
export type FileKind = (typeof fileTypes)[number];

/** TR-069 A.3.2.8 Table 30. The certificate's type is our mapping, in the vendor's name space. */
export const transferType: Record<FileKind, string> = {
  firmware: '1 Firmware Upgrade Image',
  web: '2 Web Content',
  script: '3 Vendor Configuration File',
  certificate: 'X 0090F8 Certificate',
  // A CPE uploads its configuration, and gets it back as such.
  upload: '3 Vendor Configuration File',
};

export interface StoredFile {
  name: string;
  type: FileKind;
  /** SoftwareVersion that a device reports once it runs this firmware image. */
  version?: string;
  productClass?: string;
  size: number;
  /** Hexadecimal. */
  sha256: string;
  time: number;
  /** Name of its bytes in the store, another one each time the file is stored; never shown outside. */
  content?: string;
  /** The sum of its bytes as they are stored, where they are sealed; absent in what an earlier version stored, and for firmware. */
  sealed?: ContentSum;
}

/** The version of a file, as conditions on it name it: the digest of its content. '' where there is none. */
export const fileVersion = (stored: { body: Pick<StoredFile, 'sha256'> } | undefined): string =>
  stored?.body.sha256 ?? '';

/** Files other than firmware may hold secrets: scripts and uploads have passwords, certificates come with keys. */
export const isToSeal = ({ type }: Pick<StoredFile, 'type'>): boolean => type !== 'firmware';

export type FileAbout = Pick<StoredFile, 'type' | 'version' | 'productClass'>;
