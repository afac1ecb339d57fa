// As queues.mjs, for Azurite's blob service.
process.argv = process.argv.filter((argument) => argument !== "--until-stdin-eof");
process.stdin.on("end", () => process.exit(0));
process.stdin.resume();

await import("azurite/dist/src/blob/main.js");
