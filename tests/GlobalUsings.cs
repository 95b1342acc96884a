global using CapOrleans.Tests.Support;
global using Xunit;
