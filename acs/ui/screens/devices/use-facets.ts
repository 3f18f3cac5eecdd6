// The counts of the facets of the list.
import { countFacets, type Facets } from '../../api/devices.ts';
import { type Resource, useResource } from '../../state/resource.ts';

export const facetNames = ['liveness', 'productClass', 'firmware', 'site.name', 'fault', 'tag', 'rollout'] as const;
const TOP = 5;

/** @param isReady the rows are there */
export const useFacets = (filter: string, isReady: boolean): Resource<Facets> =>
  useResource(
    isReady ? `facets ${filter}` : undefined,
    async signal => await countFacets({ filter: filter || undefined, by: facetNames, top: TOP }, signal),
    { keeps: true },
  );
