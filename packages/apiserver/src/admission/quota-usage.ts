export { silentContainers, type Usage, usageOf } from "@jdos/apimachinery";
