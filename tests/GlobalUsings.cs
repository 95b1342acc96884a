global using CapOrleans.Bench.Processes;
global using CapOrleans.Tests.Support;
global using Xunit;
