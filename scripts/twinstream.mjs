#!/usr/bin/env node
import { cli, launch } from "./launch.mjs";

launch(cli, process.argv.slice(2));
