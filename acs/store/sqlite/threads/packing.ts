// The messages of requests to the writer thread: values of an Inform and bytes of a file go beside the JSON, and the values of an answer
// that is both the result of a task and known from then on go once.
import type { ParameterValue } from '../../../../shared/cwmp/methods.ts';
import type { DeviceOperations } from '../../../device/operation-types.ts';
import type { KnownValue } from '../../../device/parameter.ts';
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

type Settling = Extract<WriteRequest, { do: 'apply' }> & {
  args: DeviceOperations['taskSettled']['args'];
  /** The time of the known values, which are the list of the result. */
  listed?: number;
};

const isSettling = (request: WriteRequest): request is Settling =>
  request.do === 'apply' && request.name === 'taskSettled';

const listOf = ({ outcome }: Settling['args']): readonly ParameterValue[] => {
  const list = outcome.result?.ParameterList;
  return Array.isArray(list) ? list : [];
};

const isEntry = (known: KnownValue, entry: ParameterValue | undefined, time: number): boolean =>
  known.path === entry?.Name &&
  known.value === entry.Value &&
  known.type === entry.Type &&
  known.time === time &&
  known.writable === undefined &&
  known.notification === undefined;

/** The request without its known values, where they are the list of its result. */
function withoutListed(request: Settling): Settling {
  const { known = [] } = request.args;
  const time = known[0]?.time;
  const list = listOf(request.args);
  if (time === undefined || known.length !== list.length) return request;
  if (!known.every((value, at) => isEntry(value, list[at], time))) return request;
  const { known: _known, ...args } = request.args;
  return { ...request, args, listed: time };
}

function withListed({ listed, ...request }: Settling): WriteRequest {
  if (listed === undefined) return request;
  const known = listOf(request.args).map(({ Name, Value, Type }) => ({
    path: Name,
    value: Value,
    type: Type,
    time: listed,
  }));
  return { ...request, args: { ...request.args, known } };
}

export const writePacking: Packing<WriteRequest> = {
  grouped: true,
  isPatient: request => request.do === 'apply' && request.name === 'released',
  isLong: request => request.do === 'applyToMany' || request.do === 'prune' || request.do === 'jobs',
  pack: request => {
    const bulk = bulkOf(request);
    if (bulk === undefined) return [JSON.stringify(isSettling(request) ? withoutListed(request) : request), undefined];
    if (!isInforming(request)) return [JSON.stringify({ ...request, bytes: undefined }), bulk];
    const { args } = request;
    return [JSON.stringify({ ...request, args: { ...args, report: { ...args.report, values: '' } } }), bulk];
  },
  unpack: (json, bulk) => {
    const request = JSON.parse(json) as WriteRequest;
    if (bulk === undefined) return isSettling(request) ? withListed(request) : request;
    if (isInforming(request)) request.args.report.values = bulk as string;
    else (request as { bytes: Bulk }).bytes = bulk;
    return request;
  },
};
