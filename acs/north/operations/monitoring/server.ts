// The operation that tells how CPEs reach this server, and which certificates it shows.
import { type Operation, ok } from '../../operation.ts';
import * as schemas from '../../schemas/monitoring/server.ts';
import { shownCertificate } from '../../server-facts.ts';
import { iso } from '../../views/times.ts';

export const server: readonly Operation[] = [
  {
    name: 'getServer',
    summary: 'Tells how CPEs reach this server, how they get in, and which certificates it shows to them',
    method: 'GET',
    path: '/server',
    role: 'operator',
    scope: 'none',
    parameters: 'none',
    answers: { 200: schemas.server },
    run: async (_input, { server: facts }) => {
      const { started, cwmp, publicUrl, stun, cpeAuth, enrol, enrolmentUser, ca, certificates, hasWorkers } = facts();
      return ok({
        ...{ started: iso(started), cwmp, cpeAuth, enrol, workers: hasWorkers },
        publicUrl: publicUrl ?? null,
        stun: stun ?? null,
        enrolmentUser: enrolmentUser ?? null,
        ca: ca ?? null,
        certificates: certificates.flatMap(shownCertificate),
      });
    },
  },
];
