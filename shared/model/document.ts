// The Broadband Forum's data-model document → definitions.
import { UserError } from '../errors.ts';
import type { LoadOptions, ObjectDef, ParameterDef, ServiceDef } from './datamodel.ts';

export interface ModelDocument {
  name: string;
  version: string;
  objects: ObjectDef[];
  parameters: ParameterDef[];
  methods: string[];
  services: ServiceDef[];
}

export async function readDocument(_source: string | Buffer, _options: LoadOptions): Promise<ModelDocument> {
  throw new UserError(400, 'bad-model', 'not a data-model document');
}
