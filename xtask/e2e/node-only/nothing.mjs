// As `node -e 0`.
0;
