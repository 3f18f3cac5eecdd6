// The register of CAs that devices have from elsewhere (a customer profile, a technician), as the operator declares them.
import type { Clock } from '../../../shared/clock.ts';
import { describe, readCertificates } from '../../../shared/pki/certificates.ts';
import { UserError } from '../../errors.ts';
import { passingPart } from '../../query/filter.ts';
import { parseFilter } from '../../query/parser.ts';
import type { Edit } from '../../store/edit.ts';
import type { StoredDocument } from '../../store/records.ts';
import type { FleetContext } from '../common/context.ts';
import { type Documents, documents } from '../common/documents.ts';
import type { Files } from '../files/files.ts';
import { CertificateFiles } from './certificate-files.ts';
import { DeviceRoots, type TrustInput } from './device-roots.ts';

export interface Trust extends TrustInput {
  name: string;
  subjects: string[];
  /** Milliseconds. */
  changed: number;
}

const trustView = ({ name, body, changed }: Pick<StoredDocument<TrustInput>, 'name' | 'body' | 'changed'>): Trust => ({
  name,
  ...body,
  subjects: readCertificates(body.certificates).map(cert => describe(cert).subject),
  changed,
});

/** @throws UserError 400 */
function validate({ when, certificates }: TrustInput): void {
  const passing = when ? passingPart(parseFilter(when)) : undefined;
  if (passing) throw new UserError(400, 'passing-rule', `when: '${passing}' changes by itself; CAs do not`);
  readCertificates(certificates);
}

export class TrustRegister {
  readonly #clock: Clock;
  readonly #documents: Documents<TrustInput>;
  readonly #certificates: CertificateFiles;

  constructor(context: FleetContext, files: Files) {
    this.#clock = context.clock;
    this.#certificates = new CertificateFiles(context.store, files);
    this.#documents = documents(context, 'trust', {
      missing: name => new UserError(404, 'no-such-trust', `no CAs are declared under '${name}'`),
      validate,
    });
  }

  async list(): Promise<Trust[]> {
    return (await this.#documents.list()).map(trustView);
  }

  /** @throws UserError 400, 412 */
  async put(name: string, input: TrustInput, edit?: Edit): Promise<Trust> {
    await this.#documents.put(name, input, edit);
    return trustView({ name, body: input, changed: this.#clock.now() });
  }

  /** @throws UserError 404, 412 */
  async remove(name: string, edit?: Edit): Promise<void> {
    await this.#documents.remove(name, false, edit);
  }

  /** The CAs on devices as declared now, for one run. */
  async reader(): Promise<DeviceRoots> {
    return new DeviceRoots(await this.#documents.list(), this.#certificates, this.#clock.now());
  }
}
