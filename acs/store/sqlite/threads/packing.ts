// The messages of requests to the writer thread: values of an Inform and bytes of a file go beside the JSON.
import type { DeviceOperations } from '../../../device/operation-types.ts';
import type { WriteRequest } from '../writes/write-request.ts';
import type { Bulk, Packing } from './batch.ts';

type Informing = Extract<WriteRequest, { do: 'apply' }> & { args: DeviceOperations['informed']['args'] };

const isInforming = (request: WriteRequest): request is Informing =>
  request.do === 'apply' && request.name === 'informed' && 'report' in request.args;

/** The values of an Inform, or the bytes of a file; undefined for any other request. */
export function bulkOf(request: WriteRequest): Bulk {
  if (isInforming(request)) return request.args.report.values;
  return 'bytes' in request ? request.bytes : undefined;
}

export const writePacking: Packing<WriteRequest> = {
  grouped: true,
  isPatient: request => request.do === 'apply' && request.name === 'released',
  pack: request => {
    const bulk = bulkOf(request);
    if (bulk === undefined) return [JSON.stringify(request), undefined];
    if (!isInforming(request)) return [JSON.stringify({ ...request, bytes: undefined }), bulk];
    const { args } = request;
    return [JSON.stringify({ ...request, args: { ...args, report: { ...args.report, values: '' } } }), bulk];
  },
  unpack: (json, bulk) => {
    const request = JSON.parse(json) as WriteRequest;
    if (bulk === undefined) return request;
    if (isInforming(request)) request.args.report.values = bulk as string;
    else (request as { bytes: Bulk }).bytes = bulk;
    return request;
  },
};
