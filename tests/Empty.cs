namespace CapOrleans.Tests;
