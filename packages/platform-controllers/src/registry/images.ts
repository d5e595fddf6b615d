import { applicationImages, type RegistryLocation } from "@jdos/component-base";

/** Whether an image is of the registry (`own`), or of one of the mirrors. */
export function comesFrom(
  registry: RegistryLocation,
  image: string,
  places: { own: boolean; mirrors: boolean },
): boolean {
  const { mirrors = [] } = registry;
  if (places.own && applicationImages(registry).isOwn(image)) return true;
  return (
    places.mirrors &&
    mirrors.some(
      ({ location }) => image.startsWith(location) && ["/", ":", "@"].includes(image[location.length] ?? ""),
    )
  );
}
