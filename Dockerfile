FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY src ./src
RUN npm run build

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=build /app/dist ./dist
# A number, because Kubernetes cannot tell from a name that a user is not root.
USER 65532:65532
EXPOSE 8443 9090
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["serve"]
