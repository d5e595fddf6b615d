console.log("compiling");
console.error("src/app.ts:3:7 - error: Cannot find name 'colour'. Did you mean 'color'?");
process.exit(2);
